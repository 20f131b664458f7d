import type { FailureSettings } from './failure-memory.ts';
import type { GateSettings } from './gate.ts';
import type { Kmod } from './kmod.ts';

/**
 * The packages that make up a kernel: which names to look for, so that `kernel-ml-devel`, which
 * also provides `kernel-devel-uname-r`, is never taken for the stream's own kernel.
 */
export interface PackageFamily {
  /** Holds the kernel image. `{flavour}` stands for a flavour, e.g. `kernel-core`, `kernel-{flavour}`. */
  readonly core: string;
  /** Holds the build tree, e.g. `kernel-devel`, `kernel-{flavour}-devel`. */
  readonly devel: string;
  /** Hold modules that are not in the core package, e.g. `kernel-modules-core`; needed for load tests alone. */
  readonly modules?: readonly string[];
  /** E.g. `['default']`; the word `default` makes no difference in a name without `{flavour}`. */
  readonly flavours: readonly string[];
}

/** Whether and how signatures of what a stream offers are checked. */
export interface StreamTrust {
  /** Files with ASCII-armored OpenPGP public keys. */
  readonly gpgKeys: readonly string[];
  /** Refuse metadata without a good `repomd.xml.asc`. */
  readonly repoGpgCheck: boolean;
  /** Refuse packages without a good signature. */
  readonly gpgCheck: boolean;
}

/** Where a repository is, but for the one URL it is known by. */
export type Mirrors =
  /** Base URLs of all, the first of which it is known by; tried in this order. */
  | { readonly kind: 'mirrors'; readonly baseUrls: readonly string[] }
  /** It is known by the URL of a list: of base URLs as text, or a metalink, which has digests as well. */
  | { readonly kind: 'mirrorlist' | 'metalink' };

/** One kernel line that is followed, e.g. CentOS Stream 9 on x86_64. */
export interface Stream {
  readonly name: string;
  /** What people call it, e.g. `CentOS Stream 9 (x86_64)`. */
  readonly title: string;
  /**
   * Its rpm-md repositories, all of which are looked at: base URLs (`http`, `https`, `file`), or the address of the
   * list that names a repository's mirrors, see {@link Stream.mirrors}.
   */
  readonly urls: readonly string[];
  /** By entry of `urls`: where else that repository is; absent for one that is at its URL alone. */
  readonly mirrors?: Readonly<Record<string, Mirrors>>;
  readonly arch: string;
  readonly family: PackageFamily;
  readonly trust: StreamTrust;
  readonly pollIntervalMs: number;
  /** Without a good look for so long, what is known of it is stale: an alarm. */
  readonly staleAfterMs: number;
  /** How many kernels of a flavour a look may lose without a newer one in their place; more are quarantined. */
  readonly maxLost: number;
  /** The target that builds for it. */
  readonly target: string;
  /** The repository that its kmods are published to. */
  readonly repository: string;
  /** How many of the newest kernels of each flavour are kept built; older ones stay published but are not rebuilt. */
  readonly keepKernels: number;
  /** A file with the symbols that the distribution promises to keep, e.g. `kabi_stablelist_x86_64`. */
  readonly stablelist?: string;
  /** A file with the changes that the distribution allows itself, SUSE's `kabi/severities`. */
  readonly severities?: string;
  /** Which of its kernels machines may see; all of them, as upstream has them, when absent. */
  readonly gate?: GateSettings;
}

/** Where builds happen: in containers of an image, or in roots that mock makes. */
export type Target = ContainerTarget | MockTarget;

/** A target whose buildroots are container images. */
export interface ContainerTarget extends TargetBase {
  readonly backend: 'container';
  /** An image that has dnf and rpmbuild, e.g. `example.org/centos:stream9@sha256:…`. */
  readonly image: string;
  /** The network of the preparation alone; a build never has one. */
  readonly prepareNetwork: 'bridge' | 'host' | 'none';
}

/** A target whose buildroots are mock's. */
export interface MockTarget extends TargetBase {
  readonly backend: 'mock';
  /** A configuration of mock's to begin with, as `mock -r` takes it, e.g. `centos-stream-9-x86_64`. */
  readonly root: string;
  /** How a build is kept apart; `auto` takes the best that the machine can do. */
  readonly isolation: 'auto' | 'nspawn' | 'simple';
}

/** What targets of every kind say. */
interface TargetBase {
  readonly name: string;
  readonly arch: string;
  /** What a buildroot gets besides kernel-devel, e.g. `rpm-build`, `gcc`, `kernel-rpm-macros`. */
  readonly packages: readonly string[];
  /** Repositories for those packages, `name → base URL`; the image's or root's own when empty. */
  readonly repositories: Readonly<Record<string, string>>;
  /**
   * Files with the public keys of which one must have signed each package of {@link repositories};
   * without any, signatures are not looked at.
   */
  readonly gpgKeys?: readonly string[];
  /** What is done when the kernel was built by a compiler of another kind or major version. */
  readonly compilerMismatch: 'warn' | 'fail';
}

/** An output repository. */
export interface Repository {
  readonly name: string;
  /** The address that clients use; the local server's when absent. */
  readonly baseUrl?: string;
  readonly keep: Keep;
  /** Where else every snapshot is brought to. */
  readonly mirror?: Mirror;
}

/** A copy of a repository that rekmod keeps. */
export interface Mirror {
  /** The program that brings it there. */
  readonly by: 'rsync' | 'rclone';
  /** As the program takes it, e.g. `www@mirror.example.org:/srv/kmods`, `s3:kmods/el9`. */
  readonly target: string;
}

/** What of a repository stays, and for how long. */
export interface Keep {
  /** The newest snapshots, to roll back to; at least 1. */
  readonly snapshotCount: number;
  /** Of older snapshots, the last of each day for so long. */
  readonly historyMs: number;
  /** Builds of a package for one kernel that are listed; at least 1. */
  readonly buildCount: number;
  /** How long packages of a kernel stay that its stream does not offer any more. */
  readonly goneMs: number;
  /** How long a file that is not listed any more can still be fetched. */
  readonly graceMs: number;
}

/** Bounds of one build and of the whole. */
export interface Limits {
  /** Builds at once on this machine. */
  readonly parallelBuilds: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Size of the build's own file system, in memory. */
  readonly scratchBytes: number;
  readonly pids: number;
  readonly buildTimeoutMs: number;
  readonly prepareTimeoutMs: number;
  /** A log is cut there. */
  readonly logBytes: number;
  /** Everything a build may hand out. */
  readonly outputBytes: number;
  /** What must be free on every disk that it fills before work begins. */
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Builder time of one rollout; any when absent. */
  readonly rolloutBudgetMs?: number;
}

/** The whole of what the configuration says, checked and with every default filled in. */
export interface Settings {
  readonly streams: readonly Stream[];
  readonly targets: readonly Target[];
  readonly kmods: readonly Kmod[];
  readonly repositories: readonly Repository[];
  readonly limits: Limits;
  readonly temporal: TemporalSettings;
  readonly server: { readonly host: string; readonly port: number };
  readonly signing: SigningSettings;
  /** How often the sources of kmods are looked at. */
  readonly sources: { readonly pollIntervalMs: number; readonly staleAfterMs: number };
  readonly failures: FailureSettings;
  readonly upkeep: UpkeepSettings;
  readonly retention: Retention;
  readonly metrics: MetricsSettings;
  readonly log: LogSettings;
}

/** Who may read `/metrics` of the web server. */
export interface MetricsSettings {
  /** `loopback`: programs of this machine, also such as forward requests of others. */
  readonly serve: 'loopback' | 'everyone' | 'nobody';
  /** Whether the metrics of the Temporal SDK are among them. */
  readonly temporal: boolean;
}

/** How `rekmod up` and `rekmod signer` tell what they do, on standard error. */
export interface LogSettings {
  /** `json`: an object a line. */
  readonly format: 'text' | 'json';
  /** What is less than this is left out. */
  readonly level: LogLevel;
}

/** How grave a line of the log is, the least first. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** When what nobody needs any more goes. All but the interval is counted while the machine runs. */
export interface UpkeepSettings {
  readonly intervalMs: number;
  /** What nothing refers to, and nobody has used, for so long. */
  readonly graceMs: number;
  /** A buildroot of a kernel that is kept built, when no build has used it for so long. */
  readonly unusedMs: number;
  /** Records of a kernel that nobody has any more, after so long. */
  readonly forgetMs: number;
}

/** How long what has ended can be looked at. */
export interface Retention {
  /** Histories of workflows that have ended, in rekmod's own Temporal. */
  readonly historyMs: number;
  /** Logs of attempts of one cell, or of one kernel's buildroot; at least 1. */
  readonly logCount: number;
  readonly logAgeMs: number;
  /** All logs of attempts together. */
  readonly logBytes: number;
}

/** How to reach Temporal. */
export interface TemporalSettings {
  /** E.g. `temporal.example.org:7233`; rekmod starts its own server when absent. */
  readonly address?: string;
  readonly namespace: string;
  /** Port of the embedded server and of its UI. */
  readonly port: number;
  readonly uiPort: number;
  readonly tls?: {
    /** Paths of PEM files. */
    readonly serverCa?: string;
    readonly clientCert?: string;
    readonly clientKey?: string;
    readonly serverName?: string;
  };
}

/** The keys that sign, and those that are only published. */
export interface SigningSettings {
  /** A GnuPG home; rekmod makes one with a key of its own on first start when absent. */
  readonly gnupgHome?: string;
  /** Fingerprint; the only secret key of the home when absent. */
  readonly keyId?: string;
  /** Public keys that clients get besides: former ones, and the next. */
  readonly otherKeys: readonly (Overlap & { readonly publicKey: string })[];
  /** Kernel modules stay as they were built when absent. */
  readonly modules?: ModuleSigningSettings;
  /** Whether `rekmod up` starts the signer, or somebody else runs `rekmod signer`. */
  readonly process: 'own' | 'separate';
}

/** How kernel modules are signed. */
export interface ModuleSigningSettings {
  /** Path of a private key in PEM, or a PKCS#11 URI without a PIN. */
  readonly key: string;
  /** Path of its certificate, in PEM or DER. */
  readonly certificate: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Path of a file with the key's passphrase or the token's PIN. */
  readonly passphraseFile?: string;
  /** For OpenSSL, e.g. `{ SOFTHSM2_CONF: '/etc/softhsm2.conf' }`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Certificates that machines enrol besides: former ones, and the next. */
  readonly otherCertificates: readonly (Overlap & { readonly certificate: string })[];
}

/** For how long something is published besides what is used now. */
export interface Overlap {
  /** The last day, in UTC, e.g. `2027-06-30`; for good when absent. */
  readonly until?: string;
}
