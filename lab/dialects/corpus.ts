import type { CorpusSpec } from './corpus-spec.ts';

/** The specs of every dialect, around sources of the lab's kmods. Expectations are written by hand, not taken from rekmod. */
export const CORPUS: readonly CorpusSpec[] = [
  {
    name: 'kmodtool',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    forms: {
      el: {
        dialect: 'kmodtool',
        packages: ['kmod-acpi-call-{release}', 'acpi-call-kmod-common'],
        directory: 'extra/acpi-call',
      },
    },
  },
  {
    name: 'kmodtool-own-script',
    kmod: 'nat-rtsp',
    modules: ['nf_conntrack_rtsp', 'nf_nat_rtsp'],
    scripts: { kmodtool: 'el/kmodtool' },
    forms: {
      el: {
        dialect: 'kmodtool',
        packages: ['kmod-nat-rtsp-{release}', 'nat-rtsp-kmod-common'],
        directory: 'extra/nat-rtsp',
      },
    },
  },
  {
    name: 'elrepo',
    kmod: 'dm-writeboost',
    modules: ['dm-writeboost'],
    forms: {
      el: {
        dialect: 'elrepo',
        packages: ['kmod-dm-writeboost'],
        directory: 'extra/dm-writeboost',
      },
    },
  },
  {
    name: 'elrepo-other-name',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    forms: { el: { dialect: 'elrepo', packages: ['kmod-acpi9x'], directory: 'extra/acpi9x' } },
  },
  {
    name: 'elrepo-overruled',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    forms: { el: { dialect: 'elrepo', packages: [], directory: 'extra/overruled' } },
    refusal:
      'the spec defines kmod_kernel_version itself (line 14): expected {bare}, found 5.14.0-570.12.1.el9_6',
  },
  {
    name: 'elrepo7',
    kmod: 'nat-rtsp',
    modules: ['nf_conntrack_rtsp', 'nf_nat_rtsp'],
    scripts: { 'kmodtool-rtsp-el7.sh': 'el/kmodtool-redhat' },
    forms: { el: { dialect: 'elrepo7', packages: ['kmod-rtsp'], directory: 'extra/rtsp' } },
  },
  {
    name: 'elrepo7-uname',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    scripts: { 'kmodtool-acpi-uname': 'el/kmodtool-redhat' },
    forms: {
      el: { dialect: 'elrepo7', packages: ['kmod-acpi-uname'], directory: 'extra/acpi-uname' },
    },
  },
  {
    name: 'redhat-dup',
    kmod: 'tp-smapi',
    modules: ['thinkpad_ec', 'tp_smapi'],
    forms: {
      el: {
        dialect: 'redhat-dup',
        packages: ['kmod-redhat-tp-smapi', 'kmod-redhat-tp-smapi-devel'],
        directory: 'extra/kmod-redhat-tp-smapi',
      },
    },
  },
  {
    name: 'redhat-dup-el6',
    kmod: 'nat-rtsp',
    modules: ['nf_conntrack_rtsp', 'nf_nat_rtsp'],
    scripts: { kmodtool: 'el/kmodtool-redhat' },
    forms: {
      el: { dialect: 'redhat-dup', packages: ['kmod-rtspdup'], directory: 'extra/rtspdup' },
    },
  },
  {
    name: 'kmods-sig',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    forms: {
      el: {
        dialect: 'kmods-sig',
        packages: ['kmod-acpi_call'],
        version: '{sig}',
        directory: 'extra/acpi_call',
      },
    },
  },
  {
    name: 'kmods-sig-own-version',
    kmod: 'nat-rtsp',
    modules: ['nf_conntrack_rtsp', 'nf_nat_rtsp'],
    forms: {
      el: {
        dialect: 'kmods-sig',
        packages: ['nat-rtsp-drivers'],
        directory: 'extra/nat-rtsp-drivers',
      },
    },
  },
  {
    name: 'rhel-kmp',
    kmod: 'dm-writeboost',
    modules: ['dm-writeboost'],
    forms: {
      el: { dialect: 'rhel-kmp', packages: ['kmod-writeboost'], directory: 'extra/writeboost' },
    },
  },
  {
    name: 'kmp-of-both-vendors',
    kmod: 'nat-rtsp',
    modules: ['nf_conntrack_rtsp', 'nf_nat_rtsp'],
    archive: 'nat-rtsp-{version}-1.tar.gz',
    forms: {
      el: {
        dialect: 'rhel-kmp',
        packages: ['kmod-nat-rtsp-linbit'],
        directory: 'extra/nat-rtsp-linbit',
      },
      suse: {
        dialect: 'suse-kmp',
        packages: ['nat-rtsp-linbit-kmp-default'],
        version: '{version}_k{kmp}',
        directory: 'updates/nat-rtsp-linbit',
      },
    },
  },
  {
    name: 'openzfs',
    kmod: 'dm-writeboost',
    modules: ['dm-writeboost'],
    missing: 'zfs = {version}',
    forms: {
      el: {
        dialect: 'openzfs',
        packages: ['kmod-writeboost-zfs', 'kmod-writeboost-zfs-devel'],
        directory: 'extra/writeboost-zfs',
      },
    },
  },
  {
    name: 'lustre',
    kmod: 'dm-writeboost',
    modules: ['dm-writeboost'],
    forms: {
      el: {
        dialect: 'lustre',
        packages: ['kmod-lustre-client', 'lustre-client'],
        directory: 'extra/lustre-client/fs',
      },
      suse: {
        dialect: 'lustre',
        packages: ['lustre-client-kmp-default', 'lustre-client'],
        version: '{version}_k{kmp}',
        directory: 'updates/lustre-client/fs',
      },
    },
  },
  {
    name: 'nvidia-precompiled',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    defines: { driver: '{version}' },
    forms: {
      el: {
        dialect: 'nvidia-precompiled',
        packages: ['kmod-lab-{version}-{plain}'],
        directory: 'extra/drivers/acpi/lab',
      },
    },
  },
  {
    name: 'installed-devel',
    kmod: 'dm-writeboost',
    modules: ['dm-writeboost'],
    forms: {
      el: { dialect: 'installed-devel', packages: ['kmod-wbvdo'], directory: 'extra/kmod-wbvdo' },
    },
  },
  {
    name: 'installed-devel-uname',
    kmod: 'nat-rtsp',
    modules: ['nf_conntrack_rtsp', 'nf_nat_rtsp'],
    forms: {
      el: { dialect: 'installed-devel', packages: ['rtsp-vendor'], directory: 'extra/rtsp-vendor' },
    },
  },
  {
    name: 'suse-kmp',
    kmod: 'tp-smapi',
    modules: ['thinkpad_ec', 'tp_smapi'],
    forms: {
      suse: {
        dialect: 'suse-kmp',
        packages: ['tp-smapi-kmp-default'],
        version: '{version}_k{kmp}',
        directory: 'updates/tp-smapi',
      },
    },
  },
  {
    name: 'suse-kmp-inverted',
    kmod: 'acpi-call',
    modules: ['acpi_call'],
    forms: {
      suse: {
        dialect: 'suse-kmp',
        packages: ['acpi_call-kmp-default', 'acpi_call'],
        version: '{version}_k{kmp}',
        directory: 'updates/acpi_call',
      },
    },
  },
];
