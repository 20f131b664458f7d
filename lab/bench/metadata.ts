import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { cacheDirectory } from '../read-lab.ts';
import { describeFigures } from './figures.ts';
import { makeRepository } from './make-repository.ts';

// Measures in one run, in turn, what it costs to read a large repository's metadata: a look at a stream
// against `dnf makecache` of the same input, each in a fresh process and without a cache.

const { values } = parseArgs({ options: { reps: { type: 'string', default: '5' } } });
const run = promisify(execFile);

interface ReadCost {
  readonly ms: number;
  readonly wanted: number;
  readonly peakMegabytes: number;
}

const cache = join(cacheDirectory(), 'bench');
await mkdir(cache, { recursive: true });
const made = await makeRepository(cache, { packageCount: 5000, entryCount: 261 });
const url = `${pathToFileURL(made.directory).href}/`;
const scratch = await mkdtemp(join(tmpdir(), 'rekmod-metadata-'));
try {
  const looks: ReadCost[] = [];
  const dnf: number[] = [];
  for (let rep = 0; rep < Number(values.reps); rep += 1) {
    dnf.push(await timeDnf());
    looks.push(await look());
  }
  const totals = looks.map(({ ms }) => ms);
  console.log(`
primary metadata of ${(made.primaryBytes / 1e6).toFixed(0)} MB, ${made.elementCount} elements, ${looks[0]?.wanted} packages wanted
rekmod ms (Node's start apart)   ${describeFigures(totals, 0)}
dnf makecache ms                 ${describeFigures(dnf, 0)}
rekmod / dnf                     ${describeFigures(
    totals.map((ms, index) => ms / (dnf[index] ?? 1)),
    2,
  )}   (aim: at most 0.5)
memory MB                        ${describeFigures(
    looks.map(({ peakMegabytes }) => peakMegabytes),
    0,
  )}   (aim: under 120)`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function look(): Promise<ReadCost> {
  const script = join(import.meta.dirname, 'read-repository.ts');
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, url]);
  return JSON.parse(stdout);
}

async function timeDnf(): Promise<number> {
  const repo = ['[made]', 'name=made', `baseurl=${url}`, 'enabled=1', 'gpgcheck=0', ''];
  await writeFile(join(scratch, 'made.repo'), repo.join('\n'));
  const cachedir = join(scratch, 'cache');
  await rm(cachedir, { recursive: true, force: true });
  const options = [`reposdir=${scratch}`, `cachedir=${cachedir}`].map((one) => `--setopt=${one}`);
  const startedAt = performance.now();
  await run('dnf', [...options, '--quiet', '--disableplugin=*', '--releasever=9', 'makecache']);
  return performance.now() - startedAt;
}
