import { z } from 'zod';

// The message of every check is what was expected; `explain-issue.ts` adds what was found.
const NAME_EXPECTED =
  'a name of at most 64 letters, digits or "._+-" that begins with a letter or digit';

/** A name of a stream, target, kmod or repository: safe in paths, URLs and workflow ids. */
export const Name = z
  .string({ error: NAME_EXPECTED })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, NAME_EXPECTED);

/** One line of text for people. */
export const Text = z
  .string({ error: 'text' })
  .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]{1,200}$/u, 'one line of 1 to 200 printable characters');

/** A path of this machine, relative to the configuration file's folder or absolute. */
export const Path = z
  .string({ error: 'a path' })
  .regex(/^[^\p{Cc}]{1,4096}$/u, 'a path without control characters');

const URL_EXPECTED = 'a URL that begins with http://, https:// or file:// and holds no password';

/** Base URL of an rpm-md repository. Passwords are refused: URLs are printed and logged. */
export const RepositoryUrl = z
  .string({ error: URL_EXPECTED })
  .refine((text) => isUrlOf(text, ['http:', 'https:', 'file:']), URL_EXPECTED);

const GIT_URL_EXPECTED =
  'a URL that begins with https://, ssh://, git:// or file://, or user@host:path, without password';
/** `user@host:path`, as ssh knows it. */
const SCP_LIKE =
  /^[A-Za-z0-9._][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-:\s\p{Cc}][^\s\p{Cc}]*$/u;

/** Address of a git repository; other protocols could run programs. */
export const GitUrl = z
  .string({ error: GIT_URL_EXPECTED })
  .refine((text) => SCP_LIKE.test(text) || isGitUrl(text), GIT_URL_EXPECTED);

const REF_EXPECTED = 'a name of a branch or tag such as "main" or "v1.2"';

/** Name of a branch or tag. @see git-check-ref-format(1) */
export const GitRefName = z
  .string({ error: REF_EXPECTED })
  .regex(
    /^(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)|[./]$))[A-Za-z0-9_][A-Za-z0-9._/+@-]{0,199}$/,
    REF_EXPECTED,
  );

const COMMIT_EXPECTED = 'a commit of 40 hexadecimal digits';

/** A commit, in full: an abbreviation may mean another one tomorrow. */
export const Commit = z
  .string({ error: COMMIT_EXPECTED })
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, COMMIT_EXPECTED);

const TREE_PATH_EXPECTED = 'a path inside of the repository, without ".."';

/** A path in a git tree. */
export const TreePath = z
  .string({ error: TREE_PATH_EXPECTED })
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\p{Cc}]{1,4096}$/u, TREE_PATH_EXPECTED);

const ARCHIVE_EXPECTED = 'a file name such as "demo-1.2.tar.gz"';

/** Name of a source archive. */
export const ArchiveName = z
  .string({ error: ARCHIVE_EXPECTED })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+~^-]{0,127}\.(?:tar\.gz|tgz)$/, ARCHIVE_EXPECTED);

const SHA256_EXPECTED = 'a SHA-256 of 64 hexadecimal digits';

/** A SHA-256. */
export const Sha256 = z
  .string({ error: SHA256_EXPECTED })
  .regex(/^[0-9A-Fa-f]{64}$/, SHA256_EXPECTED);

const PACKAGE_NAME_EXPECTED = 'a name of a package such as "kmod-jool"';

/** The name of a package. */
export const PackageName = z
  .string({ error: PACKAGE_NAME_EXPECTED })
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/, PACKAGE_NAME_EXPECTED);

const WEB_URL_EXPECTED = 'a URL that begins with http:// or https:// and holds no password';

/** An address that clients use. */
export const WebUrl = z
  .string({ error: WEB_URL_EXPECTED })
  .refine((text) => isUrlOf(text, ['http:', 'https:']), WEB_URL_EXPECTED);

const IMAGE_EXPECTED = 'an image such as "example.org/centos:stream9"';

/** A container image's reference. */
export const ImageReference = z
  .string({ error: IMAGE_EXPECTED })
  .regex(/^[a-z0-9][A-Za-z0-9._:/@-]{0,254}$/, IMAGE_EXPECTED);

const ROOT_EXPECTED = 'a configuration of mock such as "centos-stream-9-x86_64"';

/** A configuration of mock by its name, never a path or an option. */
export const MockRoot = z
  .string({ error: ROOT_EXPECTED })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/, ROOT_EXPECTED);

const PACKAGE_EXPECTED = 'a package such as "gcc" or "pkgconfig(libelf)", never an option';

/** What dnf can be asked to install; a leading dash would be an option of dnf. */
export const PackageSpec = z
  .string({ error: PACKAGE_EXPECTED })
  .regex(/^[A-Za-z0-9(/][A-Za-z0-9._+~^()/:=<>, -]{0,127}$/, PACKAGE_EXPECTED);

const GLOB_EXPECTED = 'a package name such as "kmod-jool" or "kmod-nvidia-*"';

/** A package name, or a shell pattern of some. */
export const PackageGlob = z
  .string({ error: GLOB_EXPECTED })
  .regex(/^[A-Za-z0-9*?[][A-Za-z0-9._+*?![\]-]{0,127}$/, GLOB_EXPECTED);

const PATTERN_EXPECTED = 'a package name such as "kernel-core" or "kernel-{flavour}-devel"';

/** A package name in which `{flavour}` may stand once. */
export const PackagePattern = z
  .string({ error: PATTERN_EXPECTED })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*(\{flavour\}[A-Za-z0-9._+-]*)?$/, PATTERN_EXPECTED);

const MODULE_EXPECTED = 'the name of a kernel module such as "nf_conntrack"';

/** A kernel module's name, with dashes or underscores, without `.ko`. */
export const ModuleName = z
  .string({ error: MODULE_EXPECTED })
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/, MODULE_EXPECTED);

const PARAMETERS_EXPECTED = 'module parameters such as "debug=1 devices=2"';

/** Parameters of a kernel module on one line, as insmod takes them. */
export const ModuleParameters = z
  .string({ error: PARAMETERS_EXPECTED })
  .regex(/^[ -~]{1,1024}$/, PARAMETERS_EXPECTED);

const MACRO_EXPECTED = 'a macro name such as "driver", none of rpmbuild\'s own folders';

/** A macro that a build may be given; where it reads and writes is not for the inventory to say. */
export const MacroName = z
  .string({ error: MACRO_EXPECTED })
  .regex(
    /^(?!_(?:topdir|sourcedir|specdir|tmppath|rpmdir|builddir)$)[A-Za-z_][A-Za-z0-9_]{2,63}$/,
    MACRO_EXPECTED,
  );

const MACRO_VALUE_EXPECTED = 'one line of 1 to 1024 printable characters';

/** What a macro is defined as. */
export const MacroValue = z
  .string({ error: MACRO_VALUE_EXPECTED })
  .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]{1,1024}$/u, MACRO_VALUE_EXPECTED);

const RSYNC_EXPECTED =
  'a target such as "/srv/www/kmods", "www@mirror.example.org:/srv/kmods" or "rsync://host/module"';

/** Where rsync copies to; a leading dash would be an option of rsync or ssh. */
export const RsyncTarget = z
  .string({ error: RSYNC_EXPECTED })
  .regex(
    /^(?:\/|rsync:\/\/[A-Za-z0-9]|(?:[A-Za-z0-9._][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*::?)[^\s\p{Cc}]{1,1000}$/u,
    RSYNC_EXPECTED,
  );

const RCLONE_EXPECTED = 'a remote of rclone with a path, such as "s3:kmods/el9"';

/** Where rclone copies to: a remote by its name, so that no secret stands here. */
export const RcloneTarget = z
  .string({ error: RCLONE_EXPECTED })
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}:[^\s\p{Cc}]{1,1000}$/u, RCLONE_EXPECTED);

const ARCH_EXPECTED = 'an architecture such as "x86_64" or "aarch64"';

/** An architecture as rpm names it. */
export const Arch = z
  .string({ error: ARCH_EXPECTED })
  .regex(/^[a-z0-9][a-z0-9_]{0,15}$/, ARCH_EXPECTED);

const RELEASE_EXPECTED = 'a kernel version such as "5.14.0-427"';

/** A kernel's version, with or without release, as rpm compares them. */
export const KernelLimit = z
  .string({ error: RELEASE_EXPECTED })
  .regex(/^[0-9][A-Za-z0-9._+~^-]{0,63}$/, RELEASE_EXPECTED);

const HOST_EXPECTED = 'a host name or address such as "127.0.0.1"';

/** A host name, IPv4 or IPv6 address. */
export const Host = z
  .string({ error: HOST_EXPECTED })
  .regex(/^[A-Za-z0-9:._-]{1,253}$/, HOST_EXPECTED);

const PORT_EXPECTED = 'a port between 1 and 65535';

/** A TCP port. */
export const Port = z
  .int({ error: PORT_EXPECTED })
  .min(1, PORT_EXPECTED)
  .max(65_535, PORT_EXPECTED);

function isUrlOf(text: string, protocols: readonly string[]): boolean {
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return protocols.includes(url.protocol) && url.username === '' && url.password === '';
}

/** A user name may stand in an address of ssh; it is no secret. */
function isGitUrl(text: string): boolean {
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  const isKnown = ['https:', 'ssh:', 'git:', 'file:'].includes(protocol);
  // A host that begins with a dash would be an option of ssh.
  const isSane = password === '' && !hostname.startsWith('-') && !username.startsWith('-');
  return isKnown && isSane && (username === '' || protocol === 'ssh:');
}

/** A whole number between two bounds, both allowed. */
export function wholeNumber(min: number, max: number) {
  const expected = `a whole number between ${min} and ${max}`;
  return z.int({ error: expected }).min(min, expected).max(max, expected);
}
