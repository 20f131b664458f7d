import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DnfClient } from '../dnf-client.ts';
import { queryByDnf } from '../query-by-dnf.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { Happened } from './check-outcomes.ts';
import { checkPackages } from './check-packages.ts';
import { readServed, requireChecksum } from './served-repository.ts';

/** Whether what is served is whole, verifies and can be installed, as others than rekmod see it. */
export async function checkServed(
  chaos: ChaosWorld,
  happened: Happened,
): Promise<readonly string[]> {
  const { home } = chaos.world;
  const key = join(home, 'repositories', 'kmods', 'current', 'RPM-GPG-KEY-rekmod');
  return [
    ...(await checkSnapshots(home, 'kmods', key)),
    ...(await checkSnapshots(home, 'lab-gated', key)),
    ...(await checkDnf(chaos, key)),
    ...(await checkPackages(chaos, { key, happened })),
    ...(await checkInstall(chaos, happened)),
  ];
}

/** Every snapshot that is there is whole: one may be rolled back to. */
async function checkSnapshots(
  home: string,
  repository: string,
  key: string,
): Promise<readonly string[]> {
  const directory = join(home, 'repositories', repository);
  const snapshots = await readdir(join(directory, 'snapshots'));
  const found = await Promise.all(
    ['current', ...snapshots.map((name) => join('snapshots', name))].map((name) =>
      checkSnapshot(join(directory, name), key).then(
        () => [],
        (error: unknown) => [`${repository}/${name}: ${String(error)}`],
      ),
    ),
  );
  return found.flat();
}

async function checkSnapshot(path: string, key: string): Promise<void> {
  const read = (location: string): Promise<Buffer> => readFile(join(path, location));
  const { packages } = await readServed(read, key);
  for (const { location, sha256, sizeBytes } of packages) {
    if (location.includes('://')) continue;
    const bytes = await read(location);
    requireChecksum(location, bytes, { type: 'sha256', value: sha256 });
    if (bytes.length !== sizeBytes) throw new Error(`${location}: ${sizeBytes} bytes are listed`);
  }
}

/** A real dnf finds what lies there. */
async function checkDnf({ world }: ChaosWorld, key: string): Promise<readonly string[]> {
  const url = `${world.serverUrl}/repositories/kmods`;
  // Its gpg-agent ends when this is gone.
  const scratch = await mkdtemp(join(tmpdir(), 'rekmod-dnf-'));
  try {
    const found = await queryByDnf(url, key, scratch);
    const names = await readdir(join(world.home, 'repositories', 'kmods', 'current', 'Packages'));
    const listed = new Set(found.map((name) => `${name}.rpm`));
    const lost = [...listed].filter((name) => !names.includes(name));
    return lost.map((name) => `dnf finds ${name}, which is not there`);
  } catch (error) {
    return [`dnf refuses the repository: ${String(error)}`];
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * A machine of the gated repository can have every kernel, together with all required kmods. It runs in the machine's own
 * engine: the private one has a network of its own.
 */
async function checkInstall(
  { world, kmods }: ChaosWorld,
  { released }: Happened,
): Promise<readonly string[]> {
  await using client = await DnfClient.start(world, 'lab-gated');
  const visible = await client.visibleKernels();
  const violations =
    visible.length === released.length
      ? []
      : [
          `expected ${released.length} kernels in the gated repository, dnf finds ${visible.join(', ')}`,
        ];
  const names = kmods.filter(({ isRequired }) => isRequired).map(({ name }) => `kmod-${name}`);
  for (const evr of visible) {
    const { stdout, stderr } = await client.dnf(
      'install',
      '--assumeno',
      `kernel-core-${evr}`,
      ...names,
    );
    // It comes so far only when everything that is required is there.
    if (!`${stdout}${stderr}`.includes('Operation aborted')) {
      violations.push(`dnf cannot install ${evr} with its kmods: ${stderr.trim().slice(-400)}`);
    }
  }
  return violations;
}
