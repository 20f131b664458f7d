import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../activities/run-program.ts';

/**
 * Asks a real dnf which packages a repository has, with `repo_gpgcheck`, as a machine that has never seen it.
 *
 * @param repository A directory or a URL.
 * @param scratch A directory of its own, which need not exist; asked twice, dnf uses what it knows.
 * @returns E.g. `kmod-jool-1-1.x86_64`, sorted.
 */
export async function queryByDnf(
  repository: string,
  publicKeyFile: string,
  scratch: string,
): Promise<readonly string[]> {
  const argv = await describeClient(repository, publicKeyFile, scratch);
  const query = ['repoquery', '--queryformat', '%{name}-%{version}-%{release}.%{arch}\\n'];
  const { stdout } = await runProgram(['dnf', ...argv, ...query]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** Options of a dnf that knows this repository alone, and nothing of the machine. */
export async function describeClient(
  repository: string,
  publicKeyFile: string,
  scratch: string,
): Promise<readonly string[]> {
  await mkdir(join(scratch, 'root'), { recursive: true });
  const url = repository.includes('://') ? repository : pathToFileURL(repository).href;
  const config = join(scratch, 'client.conf');
  await writeFile(
    config,
    `[main]
plugins=0
[kmods]
name=kmods
baseurl=${url}
gpgcheck=1
repo_gpgcheck=1
gpgkey=${pathToFileURL(publicKeyFile).href}
`,
  );
  const settings = {
    reposdir: join(scratch, 'none'),
    cachedir: join(scratch, 'cache'),
    persistdir: join(scratch, 'state'),
    logdir: scratch,
  };
  return [
    ...['--quiet', '--assumeyes', '--config', config, '--releasever', '1'],
    ...['--installroot', join(scratch, 'root'), '--repo', 'kmods'],
    ...Object.entries(settings).map(([name, value]) => `--setopt=${name}=${value}`),
  ];
}
