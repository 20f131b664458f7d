import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { packTree } from '../../activities/driver-disk/pack-tree.ts';
import { listPublicKeys, openPublicKeys } from '../../activities/driver-disk/public-keys.ts';
import { stagePackages } from '../../activities/driver-disk/stage-packages.ts';
import { levelTree, listTree, writeTree } from '../../activities/driver-disk/write-tree.ts';
import { runProgram } from '../../activities/run-program.ts';
import {
  NotFoundError,
  SignatureRefusedError,
  StateDamagedError,
} from '../../model/activity-errors.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { type DataRig, makeDataRig } from '../support/data-rig.ts';
import { type GpgRig, makeGpgRig } from '../support/gpg-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const signal = new AbortController().signal;
const TIME_SECONDS = 1_700_000_000;
const FIXTURE = fixturePath('rpms/kmod-demo-1.0~rc1-1.ufdio.x86_64.rpm');
const NEVRA = {
  ...{ name: 'kmod-demo', epoch: 1, version: '1.0~rc1' },
  ...{ release: '1.ufdio', arch: 'x86_64' },
};
const withoutXorriso = { skip: spawnSync('xorriso', ['-version']).error ? 'no xorriso' : false };

async function makeTree(root: string): Promise<void> {
  await writeTree(root, [
    { path: 'b/text', content: { kind: 'text', text: 'one' } },
    { path: 'a', content: { kind: 'text', text: 'two' } },
    { path: 'link', content: { kind: 'link', target: 'b' } },
  ]);
}

test(
  'packTree() makes equal ISO images of equal trees, with the label',
  withoutXorriso,
  async () => {
    await using scratch = await makeScratch();
    const images: Buffer[] = [];
    for (const name of ['one', 'other']) {
      const root = scratch.at(name);
      await makeTree(root);
      if (name === 'other') await utimes(join(root, 'a'), 5, 5);
      await levelTree(root, TIME_SECONDS);
      const output = scratch.at(`${name}.iso`);
      await packTree(root, output, { container: 'iso', timeSeconds: TIME_SECONDS, signal });
      images.push(await readFile(output));
    }

    assert.ok(images[0]?.equals(images[1] ?? Buffer.alloc(0)));
    // The primary volume descriptor lies in sector 16; the volume's name at 40.
    const label = images[0]?.toString('latin1', 16 * 2048 + 40, 16 * 2048 + 72);
    assert.equal(label?.trim(), 'OEMDRV');
  },
);

test('packTree() makes equal archives that cpio unpacks, links included', async () => {
  await using scratch = await makeScratch();
  const root = scratch.at('tree');
  await makeTree(root);
  const packing = { container: 'cpio.gz', timeSeconds: TIME_SECONDS, signal } as const;
  await packTree(root, scratch.at('one'), packing);
  await levelTree(root, 1);
  await packTree(root, scratch.at('other'), packing);
  const unpacked = scratch.at('unpacked');
  await mkdir(unpacked);

  const script = 'zcat "$1" | (cd "$2" && cpio -idm --quiet)';
  await runProgram(['sh', '-c', script, 'sh', scratch.at('one'), unpacked]);

  assert.ok((await readFile(scratch.at('one'))).equals(await readFile(scratch.at('other'))));
  assert.deepEqual(await listTree(unpacked), ['a', 'b/text', 'link']);
  assert.equal(await readFile(join(unpacked, 'link', 'text'), 'utf8'), 'one');
});

test('levelTree() leaves links where they point and what they point to alone', async () => {
  await using scratch = await makeScratch();
  await writeFile(scratch.at('outside'), '');
  await utimes(scratch.at('outside'), 5, 5);
  await mkdir(scratch.at('tree'));
  await symlink(scratch.at('outside'), scratch.at('tree', 'link'));

  await levelTree(scratch.at('tree'), TIME_SECONDS);

  const { stdout } = await runProgram(['stat', '-c', '%Y', scratch.at('outside')]);
  assert.equal(stdout.trim(), '5');
});

interface SignedRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly gpg: GpgRig;
  stage(path: string): Promise<unknown>;
}

async function makeSignedRig(): Promise<SignedRig> {
  const rig = await makeDataRig();
  const gpg = await makeGpgRig();
  await mkdir(join(rig.data.signing, 'public'), { recursive: true });
  await copyFile(gpg.publicKeyFile, join(rig.data.signing, 'public', 'RPM-GPG-KEY-rekmod'));
  const scratch = rig.scratch.at('work');
  const keys = await openPublicKeys(rig.data, scratch);
  return {
    rig,
    gpg,
    async stage(path) {
      const stored = await rig.store.addFile(path);
      const packages = [{ ...stored, fileName: 'kmod-demo.rpm', nevra: NEVRA }];
      const build = {
        inputDigest: '',
        sourceDigest: '',
        buildNumber: 1,
        durationMs: 1,
        attemptLog: '',
      };
      const modules = { ...stored, moduleCount: 1 };
      const published = {
        kind: 'published',
        packages,
        repository: 'kmods',
        snapshot: '000001',
        build: { ...build, modules },
      } as const;
      const staged = rig.scratch.at('staged', String(Math.random()));
      const builds = [{ kmod: 'demo', release: '6.1.0-54-amd64', published }];
      return await stagePackages(builds, staged, { store: rig.store, keys, signal });
    },
    async [Symbol.asyncDispose]() {
      await gpg[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

test('stagePackages() takes what was published and signed', async () => {
  await using made = await makeSignedRig();
  const rpm = made.rig.scratch.at('signed.rpm');
  await copyFile(FIXTURE, rpm);
  await made.gpg.signRpm(rpm);

  const staged = await made.stage(rpm);

  assert.ok(Array.isArray(staged));
  assert.deepEqual(
    staged.map(({ kmod, builtFor, fileName, header }) => [kmod, builtFor, fileName, header.nevra]),
    [['demo', '6.1.0-54-amd64', 'kmod-demo.rpm', NEVRA]],
  );
  assert.ok(staged[0].buildTimeSeconds > 1_000_000_000);
});

test('stagePackages() refuses a package without a signature, or with that of another key', async () => {
  await using made = await makeSignedRig();
  await using other = await makeGpgRig();
  const rpm = made.rig.scratch.at('foreign.rpm');
  await copyFile(FIXTURE, rpm);

  await assert.rejects(made.stage(rpm), SignatureRefusedError);
  await other.signRpm(rpm);
  await assert.rejects(made.stage(rpm), SignatureRefusedError);
});

test('stagePackages() says which file the store has no more', async () => {
  await using made = await makeSignedRig();
  const missing = made.rig.scratch.at('missing.rpm');
  await writeFile(missing, 'x');
  const { store } = made.rig;
  const { sha256 } = await store.addFile(missing);
  await writeFile(store.pathOf(sha256), 'other');

  await assert.rejects(
    stagePackages(
      [
        {
          kmod: 'demo',
          release: 'k',
          published: {
            kind: 'published',
            packages: [{ sha256, sizeBytes: 1, fileName: 'a.rpm', nevra: NEVRA }],
            repository: 'kmods',
            snapshot: '000001',
            build: {
              ...{
                inputDigest: '',
                sourceDigest: '',
                buildNumber: 1,
                durationMs: 1,
                attemptLog: '',
              },
              modules: { sha256, sizeBytes: 1, moduleCount: 1 },
            },
          },
        },
      ],
      made.rig.scratch.at('out'),
      { store, keys: { directory: made.rig.scratch.path }, signal },
    ),
    StateDamagedError,
  );
});

test('listPublicKeys() names keys as rpm does and writes them as gpg reads them', async () => {
  await using made = await makeSignedRig();
  const database = await openPublicKeys(made.rig.data, made.rig.scratch.at('again'));

  const keys = await listPublicKeys(database, signal);

  assert.equal(keys.length, 1);
  assert.match(keys[0]?.name ?? '', /^gpg-pubkey-[0-9a-f]{8}-[0-9a-f]{8}$/);
  const copy = made.rig.scratch.at('copy.asc');
  await writeFile(copy, keys[0]?.armored ?? '');
  const show = async (file: string) => {
    const args = ['--homedir', made.gpg.home, '--show-keys', '--with-colons', file] as const;
    const { stdout } = await runProgram(['gpg', ...args]);
    return /^fpr:+([0-9A-F]+):$/m.exec(stdout)?.[1];
  };
  assert.equal(await show(copy), await show(made.gpg.publicKeyFile));
});

test('openPublicKeys() says that nothing was signed yet', async () => {
  await using rig = await makeDataRig();

  await assert.rejects(openPublicKeys(rig.data, rig.scratch.at('work')), NotFoundError);

  assert.deepEqual(await readdir(rig.scratch.path), []);
});
