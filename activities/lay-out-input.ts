import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildInput } from '../containers/backend.ts';
import type { Kernel } from '../model/kernel.ts';
import type { ExpectedPackages } from '../rpm/spec.ts';
import { appendChecks } from '../rpm/spec-checks.ts';
import { dropBuildRequires } from '../rpm/spec-dependencies.ts';
import { EXTRA_SYMBOLS_FILE, exportExtraSymbols } from '../rpm/spec-extra-symbols.ts';
import { appendRelease, releaseSuffix } from '../rpm/spec-release.ts';
import type { KmodInput } from './kmod-source.ts';

/** What to lay out, and where. */
export interface InputLayout {
  /** A directory that is made; must not hold anything. */
  readonly directory: string;
  readonly kernel: Kernel;
  /** Absent where only what the spec requires is of interest, and nothing is built of it. */
  readonly buildNumber?: number;
  /** What other kmods export, as a `Module.symvers`; absent where none is needed. */
  readonly extraSymbols?: string;
  /** What of its `BuildRequires` is not to be had now, e.g. packages that the rollout builds first. */
  readonly laterRequirements?: ReadonlySet<string>;
}

/**
 * Lays out a kmod's spec and sources for a builder: made to build for one kernel by its dialect, with
 * a Release of its own, and with the assertion that no line of the spec takes another kernel.
 *
 * @throws {SpecParseError} If the spec cannot be made to build for the kernel.
 */
export async function layOutInput(
  input: KmodInput,
  { directory, kernel, buildNumber, extraSymbols, laterRequirements = NOTHING }: InputLayout,
): Promise<BuildInput & { readonly expected: ExpectedPackages }> {
  await input.copySources(directory);
  const dialect = input.dialectFor(kernel);
  const { checks, ...injection } = dialect.inject(input.specText, kernel);
  const expected = dialect.expectPackages(input.specText, kernel);
  const defines = { ...input.kmod.defines, ...injection.defines };
  const obtainable = dropBuildRequires(injection.specText, laterRequirements, defines);
  const specText = extraSymbols === undefined ? obtainable : exportExtraSymbols(obtainable);
  if (extraSymbols !== undefined) {
    await writeFile(join(directory, EXTRA_SYMBOLS_FILE), extraSymbols, { flag: 'wx' });
  }
  const laidOut = { directory, spec: input.specName, defines };
  if (buildNumber === undefined) {
    await writeSpec(laidOut, specText);
    return { ...laidOut, expected };
  }
  const suffix = releaseSuffix({ release: kernel.release, buildNumber });
  await writeSpec(laidOut, appendChecks(appendRelease(specText, suffix), checks));
  return { ...laidOut, expected: { ...expected, release: `*${suffix}*` } };
}

const NOTHING: ReadonlySet<string> = new Set();

async function writeSpec({ directory, spec }: BuildInput, text: string): Promise<void> {
  await writeFile(join(directory, spec), text);
  await makeReadable(directory);
}

/** A build runs as another user; sources may be private to ours (umask 077). Programs stay programs. */
async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const isProgram = ((await stat(path)).mode & 0o100) !== 0;
    await chmod(path, isProgram ? 0o755 : 0o644);
  }
}
