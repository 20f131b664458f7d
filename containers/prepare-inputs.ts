import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildInput } from './backend.ts';
import type { SpecText } from './buildroot-digest.ts';
import type { ReadOnlyMount } from './engine.ts';
import { describeSignatureCheck, type TargetKey } from './target-keys.ts';

const REPOS_TARGET = '/rekmod/repos';

/** A spec that can be read. */
export interface ReadSpec extends SpecText {
  readonly input: BuildInput;
}

/**
 * Reads the specs; one that cannot be read is left out and reported, so that it holds up no other.
 *
 * @param report Takes a sentence for the log.
 */
export async function readSpecs(
  inputs: readonly BuildInput[],
  report: (sentence: string) => void,
): Promise<readonly ReadSpec[]> {
  const specs: ReadSpec[] = [];
  for (const input of inputs) {
    const path = join(input.directory, input.spec);
    try {
      specs.push({ input, text: await readFile(path, 'utf8'), defines: input.defines });
    } catch (error) {
      report(`Cannot read the spec "${path}": ${error instanceof Error ? error.message : error}`);
    }
  }
  return specs;
}

/** Repositories as mounts, and how to remove what was written for them. */
export interface MountedRepositories extends AsyncDisposable {
  readonly mounts: readonly ReadOnlyMount[];
}

/**
 * Makes repositories known to dnf in a container: a .repo file, and the directories of `file://`
 * addresses.
 *
 * @param repositories `name → base URL`; with none, the image's own are used.
 * @param keys Of which one must have signed each of their packages; with none, nobody need have.
 */
export async function mountRepositories(
  repositories: Readonly<Record<string, string>>,
  keys: readonly TargetKey[],
): Promise<MountedRepositories> {
  const entries = Object.entries(repositories);
  if (entries.length === 0) return { mounts: [], [Symbol.asyncDispose]: async () => undefined };
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-repos-'));
  const mounts: ReadOnlyMount[] = [{ source: directory, target: REPOS_TARGET }];
  for (const { file, bytes } of keys) await writeFile(join(directory, file), bytes);
  const check = describeSignatureCheck(keys.map(({ file }) => `file://${REPOS_TARGET}/${file}`));
  const sections = entries.map(([name, url], index) => {
    const target = `/rekmod/repositories/${index}`;
    const isLocal = url.startsWith('file://');
    if (isLocal) mounts.push({ source: fileURLToPath(url), target });
    return describeRepository(name, isLocal ? `file://${target}` : url, check);
  });
  await writeFile(join(directory, 'rekmod.repo'), sections.join('\n'));
  return {
    mounts,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

function describeRepository(name: string, url: string, check: readonly string[]): string {
  const id = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return [
    `[${id}]`,
    `name=${id}`,
    `baseurl=${url.replaceAll(/\s/g, '%20')}`,
    'enabled=1',
    ...check,
    'skip_if_unavailable=0',
    '',
  ].join('\n');
}
