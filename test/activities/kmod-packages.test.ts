import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { ForeignOptions } from '../../activities/kernel-exports.ts';
import { type KmodReading, readKmodPackages } from '../../activities/kmod-packages.ts';
import { NotFoundError, StreamUnreachableError } from '../../model/activity-errors.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { makeScratch } from '../support/scratch.ts';

const FOREIGN = fixturePath('foreign');
const MODULE = fixturePath('modules/acpi_call.ko');
const DEMO = fixturePath('rpms/kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm');

async function read(source: string, changes: Partial<ForeignOptions> = {}): Promise<KmodReading> {
  await using scratch = await makeScratch();
  const { signal } = new AbortController();
  return await readKmodPackages(source, {
    isMetadataOnly: false,
    scratch: scratch.path,
    signal,
    ...changes,
  });
}

function namesOf({ packages }: KmodReading): readonly string[] {
  return packages.map(({ name }) => name).sort();
}

test('readKmodPackages() reads a module, compressed in any way, whatever it is called', async () => {
  await using scratch = await makeScratch();
  await writeFile(scratch.at('a.ko.gz'), gzipSync(await readFile(MODULE)));
  await writeFile(scratch.at('b.ko'), execFileSync('xz', ['-c', MODULE]));
  await writeFile(scratch.at('c'), execFileSync('zstd', ['-qc', MODULE]));

  for (const path of [MODULE, ...['a.ko.gz', 'b.ko', 'c'].map((name) => scratch.at(name))]) {
    const { packages, unreadable } = await read(path);
    const [one] = packages;
    assert.deepEqual(unreadable, []);
    assert.equal(one?.builtFor, '6.1.0-54-amd64');
    assert.deepEqual(one.flavours, ['default']);
    assert.equal(one.modules[0]?.name, 'acpi_call');
    assert.equal(one.modules[0].imports.length, 26);
  }
});

test('readKmodPackages() reads the modules of a package, or its metadata if told so', async () => {
  const payload = await read(DEMO);
  const metadata = await read(DEMO, { isMetadataOnly: true });

  assert.deepEqual(namesOf(payload), ['kmod-demo-1:1.0~rc1-1.xzdio.x86_64']);
  assert.deepEqual(namesOf(metadata), namesOf(payload));
  const [real] = payload.packages;
  const [told] = metadata.packages;
  assert.equal(real?.arch, 'x86_64');
  assert.equal(real?.modules[0]?.name, 'virtio_dma_buf');
  assert.equal(real.modules[0].imports.length, 5);
  assert.deepEqual(told?.modules[0]?.imports, [{ symbol: 'module_layout', crc: 0xbce1a965 }]);
  assert.deepEqual(told.modules[0].exports, [
    { symbol: 'virtio_dma_buf_get_uuid', crc: 0x1ba9ad52 },
  ]);
  assert.equal(told.modules[0].isFromMetadata, true);
});

test('readKmodPackages() reads a directory file by file and passes over what is no kmod', async () => {
  const found = await read(FOREIGN);

  assert.deepEqual(namesOf(found), [
    'kmod-provider-1.0-1.x86_64',
    'kmod-tool-6.1.0-54.el9.x86_64-1.0-1.x86_64',
    'kmod-user-1.0-1.x86_64',
  ]);
  assert.equal(found.otherCount, 4);
  assert.deepEqual(found.unreadable, []);
});

test('readKmodPackages() finds every kmod in metadata', async () => {
  const expected = [
    'demo-kmp-default-1.0-1.x86_64',
    'demo-kmp-rt-1.0-1.x86_64',
    'kmod-changed-1.0-1.x86_64',
    'kmod-lost-1.0-1.x86_64',
    'kmod-provider-1.0-1.x86_64',
    'kmod-tool-6.1.0-54.el9.x86_64-1.0-1.x86_64',
    'kmod-user-1.0-1.aarch64',
    'kmod-user-1.0-1.x86_64',
    'old-kmp-default-1.0-1.x86_64',
  ];

  for (const found of [
    await read(pathToFileURL(FOREIGN).href),
    await read(FOREIGN, { isMetadataOnly: true }),
    await read(fixturePath('foreign/repodata/primary.xml.gz')),
  ]) {
    assert.deepEqual(namesOf(found), expected);
    assert.equal(found.otherCount, 14);
    const old = found.packages.find(({ name }) => name.startsWith('old-kmp'));
    assert.deepEqual(old?.symsets, ['default:net_core', 'default:vmlinux']);
  }
});

test('readKmodPackages() tells what cannot be read and goes on', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('a'));
  await copyFile(MODULE, scratch.at('a', 'good.ko'));
  await symlink('good.ko', scratch.at('a', 'link.ko'));
  await symlink('nowhere.ko', scratch.at('a', 'broken.ko'));
  await symlink('..', scratch.at('a', 'circle'));
  await writeFile(scratch.at('bad.ko'), 'no module');
  await writeFile(scratch.at('bomb.ko.gz'), gzipSync(Buffer.alloc(300 * 1024 * 1024)));
  await writeFile(scratch.at('cut.rpm'), (await readFile(DEMO)).subarray(0, 5000));
  await writeFile(scratch.at('other.txt'), 'passed over');

  const found = await read(scratch.path);

  assert.deepEqual(namesOf(found), ['a/good.ko', 'a/link.ko']);
  assert.deepEqual(
    found.unreadable.map(({ name }) => name),
    ['bad.ko', 'bomb.ko.gz', 'cut.rpm'],
  );
  assert.match(found.unreadable[0]?.reason ?? '', /expected a kernel module or a package/);
});

test('readKmodPackages() says of a named file that it is no kmod', async () => {
  const kernel = await read(fixturePath('foreign/kernel-core-6.1.0-54.el9.x86_64.rpm'));
  const source = await read(fixturePath('rpms/kmod-demo-1.0~rc1-1.src.src.rpm'));

  assert.match(kernel.unreadable[0]?.reason ?? '', /expected a kmod, found a kernel/);
  assert.match(source.unreadable[0]?.reason ?? '', /found a source package/);
});

test('readKmodPackages() refuses what is not there', async () => {
  await using scratch = await makeScratch();

  await assert.rejects(read('/no/such/kmod'), NotFoundError);
  await assert.rejects(read(pathToFileURL(scratch.path).href), StreamUnreachableError);
});
