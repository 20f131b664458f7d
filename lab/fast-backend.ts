import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  BuildBackend,
  BuildRequest,
  BuildResult,
  Buildroot,
  Labels,
  PrepareRequest,
  RunControl,
} from '../containers/backend.ts';
import { RekmodError } from '../model/errors.ts';
import { type FastSource, readFastSource, type ScriptedBuild } from './fast/fast-kmod.ts';
import { makeKmodPackage } from './fast/make-kmod-package.ts';
import { openKabiReader, readExtraSymbols } from './fast/read-kabi.ts';

/** A scripted trouble of the machine, which passes. */
export class FastTroubleError extends RekmodError {
  readonly failureClass = 'transient';

  constructor(kmod: string, log: string) {
    super(`Cannot build "${kmod}": ${log === '' ? 'trouble as scripted' : log}`);
  }
}

/** What a backend tells of a build that runs. */
interface Run {
  readonly id: string;
  readonly labels: Labels;
  readonly ending: AbortController;
  readonly ended: Promise<unknown>;
}

/** The release and the path of the kernel-devel: all that a worker started anew must know. */
const ID = /^fast:(?<release>[^:/]+):(?<develRpm>\/.+)$/;
const NORMAL: ScriptedBuild = { delayMs: 0, end: 'built', log: '' };

/**
 * Builds kmods that `writeFastKmod()` wrote, for kernels of `makeFastKernel()`: real RPMs with real modules
 * that no compiler made, in a few milliseconds and without an engine. Their modversions are those of the
 * kernel's own `Module.symvers`; an import that is not there fails as with modpost.
 */
export function createFastBackend(): BuildBackend {
  const runs = new Set<Run>();
  const readKabi = openKabiReader();

  async function build(request: BuildRequest, control: RunControl): Promise<BuildResult> {
    const ending = new AbortController();
    const signal = AbortSignal.any([control.signal, ending.signal]);
    const making = make(request, { ...control, signal });
    const run = {
      id: randomUUID(),
      labels: request.labels,
      ending,
      ended: making.catch(() => undefined),
    };
    runs.add(run);
    try {
      return await making;
    } finally {
      runs.delete(run);
    }
  }

  async function make(request: BuildRequest, { onLog, signal }: RunControl): Promise<BuildResult> {
    const { release = '', develRpm = '' } = ID.exec(request.buildroot.id)?.groups ?? {};
    const source = await readFastSource(request.directory);
    const { delayMs, end, log } = chooseScript(source, release);
    const say = (line: string): void => onLog(Buffer.from(`${line}\n`));
    say(`Making ${source.module} for ${release}`);
    if (delayMs > 0) await delay(delayMs, undefined, { signal });
    if (log !== '') say(log);
    if (end === 'trouble') throw new FastTroubleError(source.module, log);
    if (end === 'failed') return { kind: 'failed', why: 'exit', exitCode: 1 };
    const kabi = await readKabi(develRpm, signal);
    const extra = await readExtraSymbols(request.directory);
    const crcs = source.imports.map((symbol) => (extra.get(symbol) ?? kabi.get(symbol))?.crc);
    const missing = source.imports.filter((_, index) => crcs[index] === undefined);
    for (const symbol of missing) {
      say(`ERROR: modpost: "${symbol}" [/builddir/build/${source.module}.ko] undefined!`);
    }
    if (missing.length > 0) return { kind: 'failed', why: 'exit', exitCode: 1 };
    const imports = source.imports.map((symbol, index) => [symbol, crcs[index] ?? 0] as const);
    const specText = await readFile(join(request.directory, request.spec), 'utf8');
    const { fileName, bytes } = makeKmodPackage({ source, specText, release, end, imports });
    signal.throwIfAborted();
    await writeFile(join(request.outputDirectory, fileName), bytes, { flag: 'wx' });
    say(`Wrote: ${fileName}`);
    return { kind: 'succeeded', files: [{ name: fileName, sizeBytes: bytes.length }] };
  }

  async function removeLeftovers(labels: Labels): Promise<number> {
    const wanted = Object.entries(labels);
    const found = [...runs].filter((run) =>
      wanted.every(([name, value]) => run.labels[name] === value),
    );
    for (const { ending } of found) ending.abort();
    await Promise.all(found.map(({ ended }) => ended));
    return found.length;
  }

  return {
    prepare: async (request) => describeBuildroot(request),
    ...{ build, removeLeftovers },
    listRuns: async (home) =>
      [...runs]
        .filter(({ labels }) => labels.home === home)
        .map(({ id, labels }) => ({ id, labels })),
    async removeRun(id) {
      const run = [...runs].find((other) => other.id === id);
      run?.ending.abort();
      await run?.ended;
      return run !== undefined;
    },
    // Its buildroots are names.
    listBuildroots: async () => [],
    removeBuildroot: async () => ({}),
  };
}

function describeBuildroot({ kernel, target }: PrepareRequest): Buildroot {
  const id = `fast:${kernel.release}:${kernel.develRpm}`;
  const digest = createHash('sha256').update(`${target.name}\n${kernel.develSha256}`).digest('hex');
  return { id, digest, isReused: true };
}

function chooseScript({ script }: FastSource, release: string): ScriptedBuild {
  return script.find(({ releases }) => releases?.includes(release) ?? true) ?? NORMAL;
}
