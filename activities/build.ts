import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { BuildBackend, Buildroot, BuiltFile } from '../containers/backend.ts';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { BuildFailure } from '../model/cell.ts';
import type { FailureCause } from '../model/failure-cause.ts';
import type { KernelKey } from '../model/kernel.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { BuildInputs } from '../model/provenance.ts';
import type { Settings } from '../model/settings.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import type { CompilerMatch } from '../model/toolchain.ts';
import type { ExpectedPackages } from '../rpm/spec.ts';
import { requireKernel } from './assess.ts';
import { buildInRoot, prepare } from './build-in-root.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { explainFailure } from './explain-failure.ts';
import type { ForeignBuildReader } from './foreign-builds.ts';
import { withHeartbeat } from './heartbeat.ts';
import { noteCompilers } from './heed-compilers.ts';
import type { KmodInput, KmodReader } from './kmod-source.ts';
import { layOutInput } from './lay-out-input.ts';
import { noteInputs } from './provenance/note-inputs.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import { requireOwnEnd } from './require-own-end.ts';
import { labelRun } from './run-labels.ts';
import { withScratch } from './scratch.ts';
import { stageProviders } from './stage-providers.ts';
import type { SymversReader } from './symvers-reader.ts';

export interface BuildDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  readonly readSymvers: SymversReader;
  readonly readForeignBuilds: ForeignBuildReader;
  readonly backend: BuildBackend;
  readonly readKmod: KmodReader;
  /** Marks what this data directory owns among the engine's containers. */
  readonly homeId: string;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** A file that a build handed out, in the store. */
export interface BuildOutput extends StoredFile {
  readonly fileName: string;
}

/** How a build ended. */
export type BuildEnd =
  | {
      readonly kind: 'built';
      readonly files: readonly BuildOutput[];
      /** What the spec's dialect makes; absent in histories of before it was told. */
      readonly expected?: ExpectedPackages;
      /** The number that stands in the packages' Release. */
      readonly buildNumber: number;
      readonly durationMs: number;
      readonly attemptLog: string;
      /** Whether the buildroot's compiler is the kernel's. */
      readonly compiler?: CompilerMatch;
      /** See {@link BuildFacts.given}. */
      readonly given?: Readonly<Record<string, Sha256Hex>>;
      /** Absent in histories of before statements were written of it. */
      readonly inputs?: BuildInputs;
    }
  | {
      readonly kind: 'failed';
      readonly why: BuildFailure;
      readonly reason: string;
      readonly cause?: FailureCause;
      readonly exitCode?: number;
      readonly durationMs: number;
      readonly attemptLog: string;
      readonly compiler?: CompilerMatch;
      /** Not the kmod but this is at fault: the watch has it built again. */
      readonly trouble?: 'engine';
    };

/** See {@link buildActivities}. */
export type BuildActivities = ReturnType<typeof buildActivities>;

/** Activities of the rebuild station. */
export function buildActivities(deps: BuildDeps) {
  const { settings, data, store, backend } = deps;

  /** Makes the one buildroot that all cells of a kernel share, or finds it. */
  async function prepareBuildroot(asked: KernelKey): Promise<Buildroot> {
    const kernel = await requireKernel(deps.records, asked);
    return await withHeartbeat(async (signal) => {
      const log = data.attemptLog({ ...kernel, kmod: 'buildroot' }, attemptName());
      return await withLog(data, log, (onLog) => prepare(kernel, { onLog, signal }, deps));
    });
  }

  /** Builds one cell. A failed build is a result; only trouble with the machine throws. */
  async function buildKmod(request: {
    readonly cell: PlannedCell;
    readonly buildroot: Buildroot;
  }): Promise<BuildEnd> {
    const { cell, buildroot } = request;
    const kernel = await requireKernel(deps.records, cell);
    deps.onChange();
    const attemptLog = data.attemptLog(cell, attemptName());
    const startedAt = deps.now().getTime();
    const startedMs = performance.now();
    return await withHeartbeat(async (signal) => {
      const labels = labelRun(deps.homeId, cell);
      // An attempt before this one may have been killed with its worker; there is never a second writer.
      await backend.removeLeftovers({ home: deps.homeId, cell: labels.cell ?? '' });
      const kmod = requireNamed(settings.kmods, 'build', 'kmod', cell.kmod);
      const planned = cell.sourceDigest;
      const input = await deps.readKmod(kmod, { freshness: 'known', planned, signal });
      requirePlannedSource(input, cell);
      const buildNumber = await deps.records.reserveBuildNumber(cell, runId(), cell.buildNumber);
      return await withScratch(data, `build-${cell.kmod}`, async (directory) => {
        const { staging, given, ...provided } = await stageProviders(kernel, cell, {
          ...{ ...deps, signal },
          directory: join(directory, 'staging'),
        });
        const place = { directory: join(directory, 'input'), kernel, buildNumber };
        const { expected, ...spec } = await layOutInput(input, { ...place, ...provided });
        const inputs = await noteInputs({ ...spec, ...provided, expected, startedAt }, store);
        const outputDirectory = join(directory, 'output');
        await mkdir(outputDirectory);
        const { result, compiler } = await withLog(data, attemptLog, async (onLog) => {
          const { limits } = settings;
          const job = { ...spec, buildroot, outputDirectory, limits, labels };
          return {
            compiler: noteCompilers(buildroot, onLog),
            result: await buildInRoot(
              kernel,
              { ...job, ...(staging && { staging }) },
              { run: { onLog, signal }, deps },
            ),
          };
        });
        const durationMs = Math.round(performance.now() - startedMs);
        const facts = { compiler, durationMs, attemptLog };
        if (result.kind === 'failed') {
          requireOwnEnd(cell, result, Context.current().info.attempt);
          const about = { cell, kernel, why: result.why, log: data.absolute(attemptLog) };
          const explained = await explainFailure(about, deps);
          const trouble = result.why === 'interrupted' && ({ trouble: 'engine' } as const);
          return { ...result, ...explained, ...facts, ...trouble };
        }
        const files = await storeOutputs(result.files, outputDirectory, store);
        const made = { files, expected, buildNumber, inputs, ...(given && { given }) };
        return { kind: 'built', ...facts, ...made };
      });
    });
  }

  return { prepareBuildroot, buildKmod };
}

async function storeOutputs(
  files: readonly BuiltFile[],
  directory: string,
  store: ContentStore,
): Promise<readonly BuildOutput[]> {
  const outputs: BuildOutput[] = [];
  for (const { name } of files) {
    outputs.push({ fileName: name, ...(await store.addFile(join(directory, name))) });
  }
  return outputs;
}

/**
 * What is built must be what was judged; else the record would call modules of an edit that was taken
 * back a build of the old source.
 *
 * @throws {ContentInvalidError} If spec or sources changed since the plan.
 */
function requirePlannedSource({ sourceDigest }: KmodInput, cell: PlannedCell): void {
  if (sourceDigest === cell.sourceDigest) return;
  const detail =
    'expected the spec and sources that were planned, found changed ones; rebuild it again';
  throw new ContentInvalidError(cell.kmod, detail);
}

function runId(): string {
  return Context.current().info.workflowExecution?.runId ?? 'manual';
}

/** A name that no other attempt at the cell has. */
function attemptName(): string {
  return `${runId()}-${Context.current().info.attempt}`;
}

/** Writes what work says to a log file, from its first byte to its last. */
async function withLog<T>(
  data: DataDirectory,
  relative: string,
  work: (onLog: (chunk: Uint8Array) => void) => Promise<T>,
): Promise<T> {
  const path = data.absolute(relative);
  await mkdir(dirname(path), { recursive: true });
  const stream = createWriteStream(path, { flags: 'w' });
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  // A log that cannot be written must not end the worker; the end of the work reports the error.
  failed.catch(() => undefined);
  try {
    return await work((chunk) => stream.write(chunk));
  } finally {
    const ended = new Promise<void>((resolve) => stream.end(() => resolve()));
    await Promise.race([ended, failed]);
  }
}
