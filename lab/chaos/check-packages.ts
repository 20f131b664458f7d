import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { type Happened, openRecordsOf } from './check-outcomes.ts';

interface PackageFacts {
  readonly key: string;
  readonly happened: Happened;
}

/** Whether every published RPM verifies with the public key alone, and its modules are for the kernel that they say. */
export async function checkPackages(
  chaos: ChaosWorld,
  { key, happened }: PackageFacts,
): Promise<readonly string[]> {
  const database = join(chaos.directory, 'rpmdb');
  await mkdir(database, { recursive: true });
  await runProgram(['rpmkeys', '--dbpath', database, '--import', key]);
  const current = join(chaos.world.home, 'repositories', 'kmods', 'current', 'Packages');
  const violations: string[] = [];
  const versions = new Map<string, string>();
  for (const name of await readdir(current)) {
    const path = join(current, name);
    const { stdout, exitCode } = await runProgram(
      ['rpmkeys', '--dbpath', database, '--checksig', '--verbose', path],
      { okCodes: [0, 1, 2, 3, 4] },
    );
    const isSigned = /Signature, key ID [0-9a-f]+: OK/.test(stdout);
    if (exitCode !== 0 || !isSigned) violations.push(`${name} is not signed: ${stdout.trim()}`);
    const unpacked = join(chaos.directory, 'unpacked');
    const modules = await unpack(path, unpacked);
    const own = (await Promise.all(modules.map(listExports))).flat();
    for (const module of modules) {
      violations.push(...(await checkModule(chaos, { name, module, own: new Set(own) })));
      versions.set(name, await modinfo(module, 'version'));
    }
    await rm(unpacked, { recursive: true, force: true });
  }
  return [...violations, ...(await checkVersions(chaos, happened, versions))];
}

async function unpack(path: string, to: string): Promise<readonly string[]> {
  await mkdir(to, { recursive: true });
  const script = 'rpm2cpio "$1" | cpio --quiet --extract --make-directories';
  await runProgram(['bash', '-o', 'pipefail', '-c', script, 'unpack', path], { cwd: to });
  const names = await readdir(to, { recursive: true });
  return names.filter((name) => /\.ko(?:\.\w+)?$/.test(name)).map((name) => join(to, name));
}

async function modinfo(module: string, field: string): Promise<string> {
  return (await runProgram(['modinfo', '--field', field, module])).stdout.trim();
}

/** What a module exports, which others of its package may import. */
async function listExports(module: string): Promise<readonly string[]> {
  const { stdout } = await runProgram(['nm', module]);
  return [...stdout.matchAll(/ __ksymtab_(\S+)$/gm)].map(([, symbol = '']) => symbol);
}

interface CheckedModule {
  /** Of its package. */
  readonly name: string;
  readonly module: string;
  /** Symbols that its package exports. */
  readonly own: ReadonlySet<string>;
}

/** Judged by kmod's own programs: the kernel in vermagic, and each CRC against that kernel's symvers. */
async function checkModule(
  { kernels }: ChaosWorld,
  { name, module, own }: CheckedModule,
): Promise<readonly string[]> {
  const release = /\/lib\/modules\/([^/]+)\//.exec(module)?.[1] ?? '';
  const what = `${name}: ${basename(module)}`;
  const kernel = kernels.find((one) => one.release === release);
  if (!kernel) return [`${what} is for a kernel that nobody released: ${release}`];
  const vermagic = await modinfo(module, 'vermagic');
  if (!vermagic.startsWith(`${release} `)) return [`${what} says ${vermagic}, lies in ${release}`];
  const exported = new Map<string, string>();
  for (const line of (await readFile(kernel.symvers, 'utf8')).split('\n')) {
    const [crc = '', symbol = ''] = line.split('\t');
    exported.set(symbol, crc);
  }
  const { stdout } = await runProgram(['modprobe', '--dump-modversions', module]);
  const imports = stdout.split('\n').filter((line) => line !== '');
  const bad = imports.filter((line) => {
    const [crc = '', symbol = ''] = line.split('\t');
    return !own.has(symbol) && Number(exported.get(symbol)) !== Number(crc);
  });
  if (imports.length === 0) return [`${what} has no modversions`];
  return bad.map((line) => `${what}: ${release} exports no ${line.replace('\t', ' ')}`);
}

/** What was built last is of the newest source, or the change of the source was lost. */
async function checkVersions(
  chaos: ChaosWorld,
  { version }: Happened,
  versions: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const cells = (await openRecordsOf(chaos).listCells('lab')).filter(
    ({ kmod }) => kmod === chaos.changing.name,
  );
  return cells.flatMap(({ kmod, release, outcome }) => {
    if (outcome.kind !== 'published') return [];
    const names = outcome.packages.map(({ fileName }) => fileName);
    const old = names.filter((name) => versions.get(name) !== version);
    return old.map((name) => `${kmod} on ${release}: expected version ${version}, found ${name}`);
  });
}
