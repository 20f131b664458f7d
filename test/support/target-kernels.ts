import type { TargetKernel } from '../../rpm/spec.ts';

const EL9_EVR = { epoch: 0, version: '5.14.0', release: '611.el9' };

/** CentOS Stream 9's. */
export const EL9: TargetKernel = {
  release: '5.14.0-611.el9.x86_64',
  evr: EL9_EVR,
  arch: 'x86_64',
  flavour: 'default',
};

/** Its real-time variant. */
export const EL9_RT: TargetKernel = { ...EL9, release: `${EL9.release}+rt`, flavour: 'rt' };

/** openSUSE Leap's, whose packages' release ends with a rebuild counter. */
export const LEAP: TargetKernel = {
  release: '6.4.0-150600.21-default',
  evr: { epoch: 0, version: '6.4.0', release: '150600.21.3' },
  arch: 'x86_64',
  flavour: 'default',
};

/** Debian's, in Red Hat's layout, as the lab has it. */
export const DEBIAN: TargetKernel = {
  release: '6.1.0-54-amd64',
  evr: { epoch: 0, version: '6.1.0', release: '54.amd64' },
  arch: 'x86_64',
  flavour: 'default',
};
