import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { listPackages } from '../corpus/packages.ts';
import { fetchNewerSources, type NewerSource, type NewerSuite } from '../newer-sources.ts';
import type { LabKmod } from '../read-lab.ts';

/** A kmod whose owner mends it in the course of the story. */
export interface StoryKmod {
  readonly name: string;
  /** Puts the source that a newer suite of Debian has in the place of what is there. @returns Its version. */
  mend(suite: NewerSuite): Promise<string>;
}

/** A kmod whose spec and sources lie in a folder that may be changed. */
export interface SpecKmod extends StoryKmod {
  readonly kmod: LabKmod;
}

/** A kmod that is followed by a branch of a git repository, without a spec. */
export interface GitKmod extends StoryKmod {
  readonly url: string;
}

const TIMEOUT_MS = 5 * 60_000;
const AUTHOR = ['-c', 'user.name=The owner', '-c', 'user.email=owner@lab.invalid'];

/** Copies a kmod of the lab. Mending it changes the archive, and the version in the spec. */
export async function copyKmod(original: LabKmod, directory: string): Promise<SpecKmod> {
  const { name } = original;
  const sourceDirectory = join(directory, 'sources', name);
  await cp(original.sourceDirectory, sourceDirectory, { recursive: true });
  const spec = join(sourceDirectory, `${name}-kmod.spec`);
  return {
    name,
    kmod: { ...original, sourceDirectory, spec },
    async mend(suite) {
      const { archive, version } = await fetchNewer(suite, original);
      await cp(archive, join(sourceDirectory, basename(archive)));
      const text = await readFile(spec, 'utf8');
      const mended = text.replace(/^(Version:\s+).*$/m, (_, key: string) => `${key}${version}`);
      await writeFile(spec, mended);
      return version;
    },
  };
}

/** Makes a git repository of a DKMS package of Debian 12. Mending it is a commit. */
export async function makeGitKmod(name: string, directory: string): Promise<GitKmod> {
  const debianPackage = `${name}-dkms`;
  const [found] = await listPackages([debianPackage]);
  if (!found) throw new Error(`Cannot find "${debianPackage}": expected it in the archive`);
  const repository = join(directory, 'git', name);
  const git = async (...args: readonly string[]): Promise<void> => {
    await runProgram(['git', '-C', repository, ...AUTHOR, ...args], { timeoutMs: TIMEOUT_MS });
  };
  const unpacked = join(directory, 'git', `.${name}`);
  await mkdir(join(directory, 'git'), { recursive: true });
  await runProgram(['dpkg-deb', '-x', found.deb, unpacked], { timeoutMs: TIMEOUT_MS });
  const [tree = ''] = await readdir(join(unpacked, 'usr', 'src'));
  await rename(join(unpacked, 'usr', 'src', tree), repository);
  await rm(unpacked, { recursive: true });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', `Import ${tree}`);
  return {
    name,
    url: `file://${repository}`,
    async mend(suite) {
      const { archive, version } = await fetchNewer(suite, { name, debianPackage });
      await git('rm', '-r', '--quiet', '.');
      await runProgram(['tar', '-xzf', archive, '-C', repository, '--strip-components=1'], {
        timeoutMs: TIMEOUT_MS,
      });
      await git('add', '--all');
      await git('commit', '--quiet', '--message', `Update to ${version}`);
      return version;
    },
  };
}

async function fetchNewer(
  suite: NewerSuite,
  { name, debianPackage }: Pick<LabKmod, 'name' | 'debianPackage'>,
): Promise<NewerSource> {
  const [newer] = await fetchNewerSources(suite, [
    { name, ...(debianPackage && { debianPackage }) },
  ]);
  if (!newer) throw new Error(`Debian's suite ${suite} has no ${name}`);
  return newer;
}
