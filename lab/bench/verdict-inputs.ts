import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { openRecords } from '../../activities/records.ts';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import type { ModuleFacts } from '../../model/kabi.ts';
import { cacheDirectory } from '../read-lab.ts';

/** What the verdict benchmark judges; made once, kept in the cache. */
export interface VerdictInputs {
  /** A data directory with one published build of each kmod for {@link donor}. */
  readonly home: string;
  /** Holds the same modules below `lib/modules/<release>/weak-updates` of both releases. */
  readonly sandbox: string;
  readonly donor: string;
  readonly importCount: number;
}

const STREAM = 'bench';
const run = promisify(execFile);

/**
 * Takes the in-tree modules of a real kernel that import most and export nothing, as third-party modules
 * do, for kmods of one module each.
 */
export async function makeVerdictInputs(
  donor: string,
  kernel: string,
  kmodCount: number,
): Promise<VerdictInputs> {
  const lab = join(cacheDirectory(), 'lab');
  const target = join(cacheDirectory(), 'bench', `verdicts-${donor}-${kernel}-${kmodCount}`);
  const inputs = { home: join(target, 'home'), sandbox: join(target, 'sandbox'), donor };
  const summary = join(target, 'inputs.json');
  if (existsSync(summary)) return { ...inputs, ...JSON.parse(await readFile(summary, 'utf8')) };
  await mkdir(join(cacheDirectory(), 'bench'), { recursive: true });
  const making = await mkdtemp(join(cacheDirectory(), 'bench', '.make-'));
  const [deb = ''] = (await readdir(join(lab, 'debs'))).filter((name) =>
    name.startsWith(`linux-image-${donor}_`),
  );
  await run('dpkg-deb', ['-x', join(lab, 'debs', deb), join(making, 'image')]);
  const picked = await pickModules(join(making, 'image'), kmodCount);
  for (const release of [donor, kernel]) {
    const directory = join(making, 'sandbox', 'lib', 'modules', release, 'weak-updates');
    await mkdir(directory, { recursive: true });
    for (const { path } of picked) await copyFile(path, join(directory, basename(path)));
  }
  await writeHome(join(making, 'home'), { donor, kernel, lab, picked });
  const importCount = picked.reduce((sum, { facts }) => sum + facts.imports.length, 0);
  await writeFile(join(making, 'inputs.json'), JSON.stringify({ importCount }));
  await rm(join(making, 'image'), { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(making, target);
  return { ...inputs, importCount };
}

interface PickedModule {
  readonly path: string;
  readonly facts: ModuleFacts;
}

async function pickModules(image: string, count: number): Promise<readonly PickedModule[]> {
  const names = await readdir(image, { recursive: true });
  const modules: PickedModule[] = [];
  for (const name of names.filter((entry) => entry.endsWith('.ko'))) {
    const path = join(image, name);
    const facts = readModuleFacts(await readFile(path));
    if (facts.exports.length === 0) modules.push({ path, facts });
  }
  return modules.sort((a, b) => b.facts.imports.length - a.facts.imports.length).slice(0, count);
}

async function writeHome(
  home: string,
  made: { donor: string; kernel: string; lab: string; picked: readonly PickedModule[] },
): Promise<void> {
  const data = layOutDataDirectory(home);
  const store = openContentStore(data.store);
  const records = openRecords(data, store);
  const texts = new Map<string, string>();
  for (const release of [made.donor, made.kernel]) {
    const path = join(made.lab, 'kernels', release, 'Module.symvers');
    texts.set(release, await readFile(path, 'utf8'));
  }
  for (const [number, [release, text]] of [...texts].entries()) {
    const symvers = { ...(await store.addText(text)), symbolCount: parseSymvers(text).size };
    const nevra = {
      name: 'kernel-devel',
      epoch: 0,
      version: '6',
      release: `${number}`,
      arch: 'x86_64',
    };
    await records.writeKernel({
      ...{ stream: STREAM, release, arch: 'x86_64', flavour: 'default', evr: nevra },
      ...{ foundAt: new Date(0).toISOString(), devel: { ...symvers, nevra }, symvers },
    });
  }
  for (const { facts } of made.picked) {
    const path = `/lib/modules/${made.donor}/extra/${facts.name}.ko`;
    const modules = await store.addText(JSON.stringify([{ path, ...facts }]));
    const lastBuild = {
      kind: 'published',
      packages: [],
      repository: STREAM,
      snapshot: '000001',
      build: {
        ...{ inputDigest: 'i', sourceDigest: 's', buildNumber: 1, durationMs: 1, attemptLog: '' },
        modules: { ...modules, moduleCount: 1 },
      },
    } as const;
    await records.writeCell({
      ...{ stream: STREAM, kmod: facts.name, release: made.donor, arch: 'x86_64' },
      ...{ verdict: { kind: 'rebuild', why: 'never-built' }, outcome: lastBuild, lastBuild },
      ...{ updatedAt: new Date(0).toISOString(), workflowId: '', runId: '' },
    });
  }
}
