import { z } from 'zod';
import { Host, Name, Path, Port, wholeNumber } from './scalars.ts';
import { KmodEntry } from './schema-kmod.ts';
import { RepositoryEntry } from './schema-repository.ts';
import { SigningSection } from './schema-signing.ts';
import { StreamEntry, TargetEntry } from './schema-stream.ts';
import { Duration, DurationOrNone, Size } from './units.ts';

/** Bounds of one build and of the whole. The defaults fit a machine of 2 cores and 16 GiB. */
export const LimitsSection = z.strictObject({
  // One build seldom fills two cores; more at once only helps on larger machines.
  parallelBuilds: wholeNumber(1, 256).default(2).describe('Builds at once on this machine.'),
  cpus: z
    .number({ error: 'a number of processors between 0.1 and 256' })
    .min(0.1, 'a number of processors between 0.1 and 256')
    .max(256, 'a number of processors between 0.1 and 256')
    .default(2)
    .describe('Processors for one build.'),
  // gcc needs some 200 MiB a job; scratch counts as memory, so it must fit in here too.
  memory: Size.default('4GiB').describe('Memory for one build, its scratch space included.'),
  // Unpacked sources and objects of the largest kmods (ZFS, NVIDIA) stay below 1.5 GiB.
  scratch: Size.default('2GiB').describe("Size of the build's own file system, in memory."),
  // make -j with a shell and a compiler each; a fork bomb ends here.
  pids: wholeNumber(16, 65_536).default(1024).describe('Processes and threads of one build.'),
  // Most kmods take seconds; ZFS on two cores takes about ten minutes.
  buildTimeout: Duration.default('30m').describe('A build that runs longer is ended.'),
  // dnf from a slow mirror: some 300 MiB of packages.
  prepareTimeout: Duration.default('30m').describe('A preparation that runs longer is ended.'),
  // A verbose build writes about 1 MiB; beyond this it is a loop.
  log: Size.default('16MiB').describe("A build's log is cut there."),
  // The largest kmod packages with debuginfo are about 300 MiB.
  output: Size.default('1GiB').describe('Everything that one build may hand out.'),
  // A buildroot's image is some 500 MiB, and Temporal's own database must never meet a full disk.
  free: Size.default('1GiB').describe('Work waits until so much is free where it writes.'),
  // A kernel-devel unpacked in a buildroot is about 20,000 files.
  freeInodes: wholeNumber(0, 1_000_000_000)
    .default(25_000)
    .describe('Work waits until so many files can be made where it writes.'),
  // None: what must be built is built.
  rolloutBudget: Duration.optional().describe(
    'Builder time that one rollout may take; what exceeds it waits for a later look.',
  ),
});
export type LimitsSection = z.infer<typeof LimitsSection>;

const ADDRESS_EXPECTED = 'an address such as "temporal.example.org:7233"';

const TlsSection = z.strictObject({
  serverCa: Path.optional().describe("PEM file with the server's certificate authority."),
  clientCert: Path.optional().describe('PEM file with the client certificate.'),
  clientKey: Path.optional().describe("PEM file with the client certificate's key."),
  serverName: Host.optional().describe("Name in the server's certificate, when not the address."),
});

/** How to reach Temporal. */
export const TemporalSection = z.strictObject({
  address: z
    .string({ error: ADDRESS_EXPECTED })
    .regex(/^[A-Za-z0-9:._[\]-]{1,253}:[0-9]{1,5}$/, ADDRESS_EXPECTED)
    .optional()
    .describe('Server to use; rekmod starts its own when absent.'),
  namespace: Name.default('default').describe('Namespace; every server has "default".'),
  // The ports that Temporal's own documentation and tools use.
  port: Port.default(7233).describe("Port of rekmod's own server."),
  uiPort: Port.default(8233).describe("Port of its own server's web pages."),
  tls: TlsSection.optional().describe('TLS to the server at "address".'),
});
export type TemporalSection = z.infer<typeof TemporalSection>;

/** Where the repositories and the status page are served. */
export const ServerSection = z.strictObject({
  // Only this machine until an administrator decides otherwise.
  host: Host.default('127.0.0.1').describe('Address to listen on.'),
  port: Port.default(8470).describe('Port to listen on.'),
});

/** How the sources of kmods are watched. */
export const SourcesSection = z.strictObject({
  // An unchanged source costs a look at its files, or one request.
  poll: Duration.default('15m').describe('How often they are looked at for something new.'),
  staleAfter: Duration.optional().describe(
    'Without a look for so long, an alarm is raised. Default: four polls, at least an hour.',
  ),
});

/** When what nobody needs any more is removed. */
export const UpkeepSection = z.strictObject({
  // It reads every record and asks the container engine: some seconds with 300 kernels.
  every: Duration.default('1h').describe('How often what nobody needs any more is looked for.'),
  // Longer than any build, so that what a build takes up again is never in danger.
  grace: Duration.default('1d').describe('What nothing refers to goes when it was unused so long.'),
  // A buildroot takes a minute or two to make, and some 500 MiB.
  buildroots: Duration.default('14d').describe(
    'A buildroot of a kernel that is kept built goes when no build has used it for so long.',
  ),
  kernels: Duration.default('30d').describe(
    'What is remembered of a kernel goes so long after the last repository has let go of it.',
  ),
});
export type UpkeepSection = z.infer<typeof UpkeepSection>;

/** What is done about what fails; docs/failures.md says it in words. */
export const FailuresSection = z.strictObject({
  // Compilers and mirrors change without a word; once a week costs one build.
  remember: DurationOrNone.default('7d').describe(
    'How long a build that failed is not tried again from the same source; 0 for not at all.',
  ),
  // What passes, like an engine that is restarted, has mostly passed by then.
  retry: Duration.default('5m').describe(
    'First pause after trouble of machine or mirror; it doubles.',
  ),
  // Within an hour of the end of an outage everything is tried again.
  retryAtMost: Duration.default('1h').describe('Longest of these pauses.'),
  // One may be the kernel's fault, three are the source's.
  breakAfter: wholeNumber(0, 1000)
    .default(3)
    .describe(
      'Kernels in a row that a kmod may fail for before older ones wait; 0 for any number.',
    ),
});
export type FailuresSection = z.infer<typeof FailuresSection>;

/** Who may read `/metrics` of the web server. */
export const MetricsSection = z.strictObject({
  // Names of kernels and kmods are in it, and how busy the machine is.
  serve: z
    .enum(['loopback', 'everyone', 'nobody'])
    .default('loopback')
    .describe('Who is answered: programs of this machine, everyone, or nobody.'),
  temporal: z.boolean().default(true).describe('Whether those of the Temporal SDK are among them.'),
});

/** What is told on standard error; REKMOD_LOG, e.g. "json,debug", stands above it. */
export const LogSection = z.strictObject({
  format: z
    .enum(['text', 'json'])
    .default('text')
    .describe('Lines for people, or an object a line for programs.'),
  level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What is less grave is left out.'),
});

/** How long what has ended can be looked at. */
export const RetentionSection = z.strictObject({
  // A month of looks every 15 minutes is some 3,000 histories a stream.
  history: Duration.default('30d').describe(
    "How long rekmod's own Temporal keeps what has ended; at least 1d.",
  ),
  // What failed is tried again when source, builder or kernel change: more are seldom read.
  logCount: wholeNumber(1, 1000).default(10).describe('Build logs that are kept of one cell.'),
  logAge: Duration.default('90d').describe('Older build logs go, but for the newest of a cell.'),
  // About a thousand verbose builds.
  logSize: Size.default('2GiB').describe('All build logs together; the oldest go first.'),
});

/**
 * The whole file. What it accepts is what it returns: units and paths are worked on afterwards. A
 * section or entry with nothing below it is YAML's null, and is as if it were `{}`.
 */
export const Config = z
  .strictObject({
    streams: z
      .record(Name, StreamEntry.nullable())
      .nullable()
      .default({})
      .describe('Kernel lines to follow; a shipped definition by its name, or like: one.'),
    targets: z
      .record(Name, TargetEntry.nullable())
      .nullable()
      .default({})
      .describe('Where builds happen; only needed to change or add to the shipped ones.'),
    kmods: z
      .record(Name, KmodEntry)
      .nullable()
      .default({})
      .describe('Kernel modules to keep built.'),
    repositories: z
      .record(Name, RepositoryEntry.nullable())
      .nullable()
      .default({})
      .describe('Output repositories; that of a stream is there without being named.'),
    limits: LimitsSection.nullable().prefault({}).describe('Bounds of one build and of the whole.'),
    temporal: TemporalSection.nullable().prefault({}).describe('How to reach Temporal.'),
    server: ServerSection.nullable()
      .prefault({})
      .describe('Where repositories and status page are served.'),
    sources: SourcesSection.nullable().prefault({}).describe('Watching the sources of kmods.'),
    upkeep: UpkeepSection.nullable()
      .prefault({})
      .describe('When what nobody needs any more is removed.'),
    failures: FailuresSection.nullable().prefault({}).describe('What is done about what fails.'),
    retention: RetentionSection.nullable()
      .prefault({})
      .describe('How long what has ended can be looked at.'),
    metrics: MetricsSection.nullable().prefault({}).describe('Who may read metrics.'),
    log: LogSection.nullable().prefault({}).describe('What is told on standard error.'),
    signing: SigningSection.nullable()
      .prefault({})
      .describe('Keys that sign packages, metadata and kernel modules.'),
  })
  .describe('Configuration of rekmod.');
export type Config = z.infer<typeof Config>;
