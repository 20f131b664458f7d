import type { PackageEffects } from '../rpm/package-effects.ts';
import type { PackageContent } from './package-content.ts';

/** What another kmod of the inventory has for the same kernel. */
export interface OtherKmod {
  readonly kmod: string;
  /** Names of its packages. */
  readonly packages: readonly string[];
}

/** Without these a machine does not start, or nobody can update it. */
const BASE_PACKAGES: ReadonlySet<string> = new Set([
  ...['kernel', 'kernel-core', 'kernel-modules-core', 'kernel-default', 'kernel-default-base'],
  ...['kernel-uname-r', 'kernel-core-uname-r', 'kernel-base', 'kernel-devel', 'kernel-headers'],
  ...['glibc', 'glibc-common', 'bash', 'coreutils', 'filesystem', 'setup', 'shadow-utils'],
  ...['rpm', 'rpm-libs', 'dnf', 'dnf5', 'yum', 'zypper', 'libzypp', 'libdnf', 'systemd'],
  ...['util-linux', 'kmod', 'dracut', 'sudo', 'pam', 'openssh-server', 'openssl', 'openssl-libs'],
  ...['selinux-policy', 'selinux-policy-targeted', 'audit', 'ca-certificates', 'shim-x64'],
  ...['grub2-common', 'grub2-efi-x64', 'centos-stream-release', 'fedora-release', 'redhat-release'],
]);

/** What is there decides who may log in, what is run as root, or which packages are trusted. */
const FORBIDDEN_PLACES: readonly string[] = [
  ...['/dev/', '/proc/', '/sys/', '/run/', '/tmp/', '/var/tmp/', '/root/', '/home/', '/boot/'],
  ...['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow', '/etc/sudoers', '/etc/pam.d/'],
  ...['/etc/ssh/', '/etc/cron', '/var/spool/cron/', '/etc/ld.so.preload', '/etc/ld.so.conf'],
  ...['/etc/yum.repos.d/', '/etc/zypp/', '/etc/dnf/', '/etc/yum.conf', '/etc/pki/rpm-gpg/'],
  ...['/etc/selinux/', '/etc/systemd/system.conf'],
  ...['/usr/lib/systemd/system-generators/', '/etc/systemd/system-generators/'],
];

/** Kernels, and modules that come and go: what depmod and weak-modules are run for. */
const TRIGGER_NAMES = /^(?:kernel|kmod|akmod|dracut|.*-kmp|.*-kmod)(?:-|$)/;
const TRIGGER_PATHS = /^(?:\/usr)?\/lib\/(?:modules|firmware)(?:\/|$)|^\/boot(?:\/|$)/;
const NOTHING: PackageEffects = {
  obsoletes: [],
  triggers: [],
  fileTriggers: [],
  capabilities: [],
};
const CONTROLS = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const FILE_TYPE_MASK = 0o170000;
const DIRECTORY = 0o040000;
const LINK = 0o120000;
const STICKY = 0o1000;
const WRITABLE_BY_ALL = 0o002;

/**
 * Finds what packages take that is not a kmod's to take. A module may do anything once it is loaded:
 * this is for mistakes, and for what works without anybody loading it.
 *
 * @returns Sentences for people.
 */
export function findTakeovers(
  content: PackageContent,
  others: readonly OtherKmod[],
): readonly string[] {
  const { fileName, effects = NOTHING, payloadFaults = [] } = content;
  return [
    ...payloadFaults,
    ...findWrongFiles(content.files, effects),
    ...findWrongNames(content, effects, others),
    ...findWrongTriggers(effects),
  ].map((problem) => `${fileName}: ${problem}`);
}

function findWrongFiles(
  files: PackageContent['files'],
  { capabilities: allCapabilities }: PackageEffects,
): readonly string[] {
  const links = new Set(
    files.filter(({ mode }) => (mode & FILE_TYPE_MASK) === LINK).map(({ path }) => path),
  );
  return files.flatMap(({ path, mode }, index) => {
    const problems: string[] = [];
    const capabilities = allCapabilities[index] ?? '';
    if (capabilities !== '') problems.push(`${path} has the capabilities ${capabilities}`);
    if (isWritableByAll(mode)) problems.push(`${path} is writable for everybody`);
    if (CONTROLS.test(path)) problems.push(`${JSON.stringify(path)} has characters of no name`);
    if (FORBIDDEN_PLACES.some((place) => path.startsWith(place))) {
      problems.push(`${path} lies where no kmod has files`);
    }
    const link = parentsOf(path).find((parent) => links.has(parent));
    if (link !== undefined) problems.push(`${path} lies behind the link ${link}`);
    return problems;
  });
}

function isWritableByAll(mode: number): boolean {
  const type = mode & FILE_TYPE_MASK;
  if (type === LINK || (mode & WRITABLE_BY_ALL) === 0) return false;
  return type !== DIRECTORY || (mode & STICKY) === 0;
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function findWrongNames(
  { nevra, provides = [] }: PackageContent,
  effects: PackageEffects,
  others: readonly OtherKmod[],
): readonly string[] {
  const owner = others.find(({ packages }) => packages.includes(nevra.name));
  const problems = owner ? [`the kmod ${owner.kmod} has a package of this name`] : [];
  for (const { name } of provides) {
    if (BASE_PACKAGES.has(name)) problems.push(`it claims to be ${name}`);
  }
  for (const name of effects.obsoletes) {
    const owner = others.find(({ packages }) => packages.includes(name));
    if (owner) problems.push(`it replaces ${name}, a package of the kmod ${owner.kmod}`);
    else if (BASE_PACKAGES.has(name)) problems.push(`it replaces ${name}`);
  }
  return problems;
}

function findWrongTriggers({ triggers, fileTriggers }: PackageEffects): readonly string[] {
  return [
    ...triggers
      .filter((name) => !TRIGGER_NAMES.test(name))
      .map((name) => `it runs scripts when ${name} changes`),
    ...fileTriggers
      .filter((path) => !TRIGGER_PATHS.test(path))
      .map((path) => `it runs scripts when files of ${path} change`),
  ];
}
