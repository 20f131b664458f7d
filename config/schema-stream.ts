import { z } from 'zod';
import { SEVERITIES } from '../model/gate.ts';
import {
  Arch,
  ImageReference,
  MockRoot,
  Name,
  PackagePattern,
  PackageSpec,
  Path,
  RepositoryUrl,
  Text,
  wholeNumber,
} from './scalars.ts';
import { Duration } from './units.ts';

/**
 * What a stream is when neither the file nor a shipped definition says otherwise. They are filled in
 * after `like:` was followed, so that they never hide what is inherited.
 */
export const STREAM_DEFAULTS = {
  arch: 'x86_64',
  /** Red Hat's package names; SUSE's come with its shipped definitions. */
  core: 'kernel-core',
  devel: 'kernel-devel',
  flavours: ['default'],
  /** Mirrors sync a few times a day; an unchanged repomd.xml costs one conditional request. */
  poll: '15m',
  /** A kernel that upstream withdraws is one; two at once have not been seen. */
  maxLost: 1,
  /** The newest, the one before that machines still run, and one to go back to. */
  keepKernels: 3,
  /** Packages are checked, metadata is not: of the shipped distributions only SUSE signs it. */
  gpgCheck: true,
  repoGpgCheck: false,
} as const;

/** The repository that is there without being named: the lab's, and that of an empty inventory. */
export const STANDARD_REPOSITORY = 'kmods';

/** What a target is when nothing else is said. */
export const TARGET_DEFAULTS = {
  arch: 'x86_64',
  backend: 'container',
  /** dnf must reach a mirror; only the preparation has it, never a build. */
  prepareNetwork: 'bridge',
  /** nspawn where systemd runs, else mock's own with rekmod's network namespace around it. */
  isolation: 'auto',
  /** Kernels are rebuilt by the same distribution with newer compilers all the time. */
  compilerMismatch: 'warn',
} as const;

const Family = z.strictObject({
  core: PackagePattern.optional().meta({
    description: 'Package that holds the kernel image; {flavour} stands for a flavour.',
    default: STREAM_DEFAULTS.core,
  }),
  devel: PackagePattern.optional().meta({
    description: 'Package that holds the build tree; {flavour} stands for a flavour.',
    default: STREAM_DEFAULTS.devel,
  }),
  modules: z
    .array(PackagePattern)
    .max(16, 'at most 16 packages')
    .optional()
    .describe('Packages with modules that the core package does not hold; for load tests.'),
  flavours: z
    .array(Name)
    .min(1, 'at least one flavour')
    .max(16, 'at most 16 flavours')
    .optional()
    .meta({ description: 'Kernel flavours to follow.', default: [...STREAM_DEFAULTS.flavours] }),
});

const Trust = z.strictObject({
  gpgKeys: z
    .array(Path)
    .max(32, 'at most 32 keys')
    .optional()
    .describe('Files with ASCII-armored OpenPGP public keys of the distribution.'),
  gpgCheck: z.boolean().optional().meta({
    description: 'Refuse packages without a good signature.',
    default: STREAM_DEFAULTS.gpgCheck,
  }),
  repoGpgCheck: z.boolean().optional().meta({
    description: 'Refuse metadata without a good repomd.xml.asc.',
    default: STREAM_DEFAULTS.repoGpgCheck,
  }),
  keysFrom: Text.optional().describe('Where to get the keys; shown when one is missing.'),
});

/** What a gate is when nothing else is said. */
export const GATE_DEFAULTS = {
  isEnabled: true,
  /** Builds take minutes; what takes longer, or waits for a person, is not waited for. */
  grace: '1h',
  /** A whole distribution need not lie on this machine's disk. */
  packages: 'upstream',
  skip: 'optional',
  /** Appended to the stream's name. */
  suffix: '-gated',
} as const;

const SEVERITY_EXPECTED = '"critical", "important", "moderate" or "low"';

const FastLane = z.strictObject({
  severities: z
    .array(z.enum(SEVERITIES, { error: SEVERITY_EXPECTED }))
    .optional()
    .meta({ description: 'Kernels that such an advisory brings are in it.', default: [] }),
  skip: z.enum(['optional', 'failed'], { error: '"optional" or "failed"' }).optional().meta({
    description: 'What it need not wait for: optional kmods, or required ones that failed as well.',
    default: GATE_DEFAULTS.skip,
  }),
});

const Gate = z.strictObject({
  enabled: z.boolean().optional().meta({
    description: 'Whether there is a gate; to switch off one that is inherited.',
    default: GATE_DEFAULTS.isEnabled,
  }),
  grace: z
    .union([z.literal('0s'), Duration])
    .optional()
    .meta({
      description: 'How long after it was found a kernel waits for optional kmods.',
      default: GATE_DEFAULTS.grace,
    }),
  packages: z.enum(['upstream', 'mirror'], { error: '"upstream" or "mirror"' }).optional().meta({
    description: 'Whether packages stay where upstream has them, or are copied.',
    default: GATE_DEFAULTS.packages,
  }),
  repository: Name.optional().describe(
    'Repository that lists what was released. Default: the name of the stream and "-gated".',
  ),
  fastLane: FastLane.optional().describe('What a security kernel need not wait for.'),
});

/** A repository of a stream: its base URL, or several of which each has it, or who knows them. */
const Repository = z.union(
  [
    RepositoryUrl,
    z.strictObject({
      mirrors: z
        .array(RepositoryUrl)
        .min(1, 'at least one URL')
        .max(16, 'at most 16 URLs')
        .describe('Base URLs of the same repository, tried in this order.'),
    }),
    z.strictObject({ mirrorlist: RepositoryUrl.describe('A text with a base URL a line.') }),
    z.strictObject({
      metalink: RepositoryUrl.describe('An XML file with base URLs and digests of repomd.xml.'),
    }),
  ],
  { error: 'a URL, or one of { mirrors: [<URLs>] }, { mirrorlist: <URL> }, { metalink: <URL> }' },
);

/** See {@link StreamEntry}. */
export type Repository = z.infer<typeof Repository>;

/** One entry of `streams:`, before `like:` is followed. */
export const StreamEntry = z.strictObject({
  like: Name.optional().describe('Stream whose values are used where this entry has none.'),
  title: Text.optional().describe('What people call it. Default: the name.'),
  urls: z
    .array(Repository)
    .min(1, 'at least one URL')
    .max(16, 'at most 16 URLs')
    .optional()
    .describe('Base URLs of the rpm-md repositories that bring kernels; all are looked at.'),
  arch: Arch.optional().meta({
    description: 'Architecture as rpm names it.',
    default: STREAM_DEFAULTS.arch,
  }),
  family: Family.optional().describe('Names of the packages that make up a kernel.'),
  trust: Trust.optional().describe('Which signatures are checked, and with which keys.'),
  poll: Duration.optional().meta({
    description: 'How often the repositories are looked at.',
    default: STREAM_DEFAULTS.poll,
  }),
  staleAfter: Duration.optional().describe(
    'Without a good look for so long, an alarm is raised. Default: four polls, at least an hour.',
  ),
  maxLost: wholeNumber(0, 1000).optional().meta({
    description:
      'How many kernels of a flavour may vanish at once without a newer one; more are quarantined.',
    default: STREAM_DEFAULTS.maxLost,
  }),
  target: Name.optional().describe('Target that builds for it.'),
  repository: Name.optional().describe(
    'Repository that its kmods are published to. Default: the name of the stream.',
  ),
  keepKernels: wholeNumber(1, 100).optional().meta({
    description: 'How many of the newest kernels of each flavour are kept built.',
    default: STREAM_DEFAULTS.keepKernels,
  }),
  stablelist: Path.optional().describe(
    'List of symbols that the distribution promises to keep; explains and never decides.',
  ),
  severities: Path.optional().describe(
    "Rules for changes that the distribution allows (SUSE's kabi/severities); explain and never decide.",
  ),
  gate: Gate.nullable()
    .optional()
    .describe('A repository that lists a kernel only when its required kmods are there.'),
});
export type StreamEntry = z.infer<typeof StreamEntry>;

/** One entry of `targets:`, before `like:` is followed. */
export const TargetEntry = z.strictObject({
  like: Name.optional().describe('Target whose values are used where this entry has none.'),
  backend: z
    .enum(['container', 'mock'], { error: '"container" or "mock"' })
    .optional()
    .meta({ description: 'What runs the builds.', default: TARGET_DEFAULTS.backend }),
  image: ImageReference.optional().describe(
    'container: image that has dnf; pin it by digest to be exact.',
  ),
  root: MockRoot.optional().describe('mock: configuration to begin with, as "mock -r" takes it.'),
  isolation: z
    .enum(['auto', 'nspawn', 'simple'], { error: '"auto", "nspawn" or "simple"' })
    .optional()
    .meta({
      description: 'mock: how a build is kept apart; it has no network with any of them.',
      default: TARGET_DEFAULTS.isolation,
    }),
  arch: Arch.optional().meta({
    description: 'Architecture as rpm names it.',
    default: TARGET_DEFAULTS.arch,
  }),
  packages: z
    .array(PackageSpec)
    .max(256, 'at most 256 packages')
    .optional()
    .meta({ description: 'What a buildroot gets besides kernel-devel.', default: [] }),
  repositories: z.record(Name, RepositoryUrl).optional().meta({
    description:
      "Repositories for those packages, name to base URL; the image's or root's own when empty.",
    default: {},
  }),
  gpgKeys: z.array(Path).max(32, 'at most 32 keys').optional().meta({
    description:
      'Files with public keys, of which one must have signed each package of "repositories".',
    default: [],
  }),
  prepareNetwork: z
    .enum(['bridge', 'host', 'none'], { error: '"bridge", "host" or "none"' })
    .optional()
    .meta({
      description: 'container: network while a buildroot is prepared; a build never has one.',
      default: TARGET_DEFAULTS.prepareNetwork,
    }),
  compilerMismatch: z.enum(['warn', 'fail'], { error: '"warn" or "fail"' }).optional().meta({
    description: 'What is done when another compiler built the kernel.',
    default: TARGET_DEFAULTS.compilerMismatch,
  }),
});
export type TargetEntry = z.infer<typeof TargetEntry>;
