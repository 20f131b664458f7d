import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type DiskContent,
  type DiskPlan,
  describeDiskFaults,
  describeDiskRemarks,
  describeMissingBuild,
} from '../../report/describe-disk-faults.ts';

const K = '6.1.0-55-amd64';
const FILE = 'kmod-jool-4.1.9-1.x86_64.rpm';
const LISTED = {
  offered: ['kernel-modules >= 6.1.0-55.amd64'],
  isListed: true,
  isFromKmodtool: false,
  unloaded: [],
  unseenFirmware: [],
};
const UNLISTED = { ...LISTED, offered: [], isListed: false };
const CONTENT: DiskContent = {
  kmod: 'jool',
  fileName: FILE,
  builtFor: K,
  isBound: false,
  modules: ['jool.ko'],
  view: LISTED,
};

function faultsOf(content: Partial<DiskContent>, changes: Partial<DiskPlan> = {}) {
  return describeDiskFaults({
    kmod: 'jool',
    release: K,
    format: 'rhel',
    contents: [{ ...CONTENT, ...content }],
    judged: [],
    ...changes,
  });
}

test('describeDiskFaults() finds nothing wrong with a package that the installer lists and that fits', () => {
  const verdict = { kind: 'fits', why: 'symbols', importCount: 3 } as const;
  assert.deepEqual(
    faultsOf({}, { judged: [{ name: 'jool', isFromMetadata: false, verdict }] }),
    [],
  );
});

test('describeDiskFaults() names the provide to add, in a version that rpm can write', () => {
  assert.deepEqual(faultsOf({ view: UNLISTED }), [
    `${FILE}: expected it to provide "kernel-modules" for ${K}, without which anaconda does not see it, found none; add "Provides: kernel-modules >= 6.1.0-55.amd64" to that package in the spec and build it anew`,
  ]);
  assert.match(
    faultsOf({ view: UNLISTED, isBound: true })[0] ?? '',
    /kernel-modules = 6\.1\.0-55\.amd64/,
  );
});

test('describeDiskFaults() says where to read on when kmodtool writes the provides', () => {
  const [fault = ''] = faultsOf({ view: { ...UNLISTED, isFromKmodtool: true }, isBound: true });
  assert.match(
    fault,
    /in the spec \(docs\/driver-disks\.md says how with kmodtool\) and build it anew$/,
  );
});

test('describeDiskFaults() names provides for other kernels', () => {
  const view = { ...LISTED, isListed: false, offered: ['kernel-modules >= 6.1.0-56.amd64'] };
  assert.match(faultsOf({ view })[0] ?? '', /found only "kernel-modules >= 6\.1\.0-56\.amd64"$/);
});

test('describeDiskFaults() refuses modules that the installer unpacks and never loads', () => {
  const view = { ...LISTED, unloaded: ['/usr/lib/modules/k/extra/jool.ko'] };
  assert.deepEqual(faultsOf({ view }), [
    `${FILE}: expected modules below /lib/modules, where anaconda loads them from, found /usr/lib/modules/k/extra/jool.ko`,
  ]);
});

test('describeDiskFaults() wants modules, and does not mind a package of tools beside them', () => {
  const tools = { ...CONTENT, fileName: 'jool-tools.rpm', modules: [], view: UNLISTED };
  assert.deepEqual(faultsOf({}, { contents: [CONTENT, tools] }), []);
  assert.deepEqual(faultsOf({}, { contents: [tools] }), [
    'expected packages of jool with kernel modules, found jool-tools.rpm',
  ]);
});

test("describeDiskFaults() asks for no provide that SUSE's installers do not read, but for one module of a name", () => {
  assert.deepEqual(faultsOf({ view: UNLISTED }, { format: 'suse' }), []);
  const other = { ...CONTENT, kmod: 'base', fileName: 'base.rpm' };
  assert.deepEqual(faultsOf({}, { format: 'suse', contents: [CONTENT, other] }), [
    `expected one jool.ko, found it in ${FILE} and base.rpm`,
  ]);
});

test('describeDiskFaults() says why modules would not load', () => {
  const verdict = { kind: 'unjudged', why: 'no-modversions' } as const;
  const [fault = ''] = faultsOf(
    {},
    { judged: [{ name: 'kmod-jool', isFromMetadata: false, verdict }] },
  );
  assert.match(fault, /^kmod-jool: not judged: /);
});

test('describeMissingBuild() says what is planned and what to run', () => {
  const verdict = { kind: 'rebuild', why: 'never-built' } as const;
  assert.equal(
    describeMissingBuild({ kmod: 'jool', verdict }, K),
    `expected a published build of jool for this kernel, found none (rebuild: never built before); run "rekmod rebuild jool -k ${K}"`,
  );
  const keep = { kind: 'keep', why: 'compatible', donor: 'x', importCount: 1 } as const;
  assert.match(
    describeMissingBuild({ kmod: 'jool', verdict: keep }, K),
    /packages of somebody else/,
  );
  assert.match(describeMissingBuild({ kmod: 'jool' }, K), /its source cannot be read/);
});

test('describeDiskRemarks() says what was added, what is kept, and which firmware is not seen', () => {
  const view = { ...LISTED, unseenFirmware: ['/usr/lib/firmware/jool.bin'] };
  const plan = {
    kmod: 'jool',
    release: K,
    format: 'rhel',
    contents: [{ ...CONTENT, view }],
  } as const;

  assert.deepEqual(
    describeDiskRemarks(plan, [
      { kmod: 'base', builtFor: K, packages: [] },
      { kmod: 'jool', builtFor: '6.1.0-54-amd64', packages: [FILE] },
    ]),
    [
      'jool needs base, which the disk has as well',
      `jool was built for 6.1.0-54-amd64; its modules load in ${K} as they are`,
      `${FILE}: the installer does not get its firmware, which is not below /lib/firmware`,
    ],
  );
});
