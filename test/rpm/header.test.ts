import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { RpmHeaderParseError } from '../../model/parse-errors.ts';
import { type ByteSource, readRpmHeader } from '../../rpm/header.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { fixturePath, readFixture } from '../kabi/fixtures.ts';

const DEVEL = 'rpms/kernel-devel-6.1.0-54.el9.x86_64.rpm';
const FILES = readdirSync(fixturePath('rpms')).filter((name) => name.endsWith('.rpm'));
const withoutRpm = spawnSync('rpm', ['--version']).error ? { skip: 'rpm not found' } : {};

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    byteLength: bytes.length,
    slice: async (start, end) => bytes.subarray(start, end),
  };
}

test('readRpmHeader() reads a kernel-devel', async () => {
  const header = await readRpmHeader(sourceOf(readFixture(DEVEL)));

  assert.equal(formatNevra(header.nevra), 'kernel-devel-6.1.0-54.el9.x86_64');
  assert.equal(header.sourceRpm, 'kernel-6.1.0-54.el9.src.rpm');
  assert.equal(header.license, 'GPL-2.0-only');
  assert.equal(header.payloadCompressor, 'zstd');
  assert.equal(header.fileDigestAlgorithm, 'sha256');
  assert.equal(header.hasSignature, false);
  const [link, tree] = header.files;
  assert.deepEqual(link, {
    path: '/lib/modules/6.1.0-54.el9.x86_64/build',
    sizeBytes: 36,
    mode: 0o120777,
    digest: '',
    linkTo: '/usr/src/kernels/6.1.0-54.el9.x86_64',
  });
  assert.equal(tree?.mode, 0o040755);
  const symvers = header.files.find((file) => file.path.endsWith('/Module.symvers'));
  assert.match(symvers?.digest ?? '', /^[0-9a-f]{64}$/);
});

test('readRpmHeader() reads epochs, tildes and dependencies', async () => {
  const header = await readRpmHeader(sourceOf(readFixture(kmod('gzdio'))));

  assert.equal(formatNevra(header.nevra), 'kmod-demo-1:1.0~rc1-1.gzdio.x86_64');
  assert.deepEqual(
    header.requires.filter(({ name }) => name.startsWith('kernel(')),
    [{ name: 'kernel(module_layout)', op: '=', version: '0xbce1a965' }],
  );
  assert.ok(header.provides.some(({ name, op }) => name === 'kmod-demo' && op === '='));
  assert.ok(header.requires.some(({ op, version }) => op === '<=' && version !== ''));
});

test('readRpmHeader() reads a source package', async () => {
  const header = await readRpmHeader(sourceOf(readFixture('rpms/kmod-demo-1.0~rc1-1.src.src.rpm')));

  assert.equal(header.nevra.arch, 'src');
  assert.equal(header.sourceRpm, undefined);
  assert.deepEqual(header.files.map((file) => file.path).sort(), [
    'kmod-demo.spec',
    'virtio_dma_buf.ko',
  ]);
});

test('readRpmHeader() sees a signature', async () => {
  const header = await readRpmHeader(sourceOf(readFixture('rpms/signed.rpm')));

  assert.equal(header.hasSignature, true);
});

for (const file of FILES) {
  test(`readRpmHeader() and rpm see the same in ${file}`, withoutRpm, async () => {
    const header = await readRpmHeader(sourceOf(readFixture(`rpms/${file}`)));
    const format = '[%{FILENAMES}|%{LONGFILESIZES}|%{FILEMODES}|%{FILEDIGESTS}|%{FILELINKTOS}\n]';
    const query = (...args: string[]) =>
      execFileSync('rpm', ['-qp', '--nosignature', ...args, fixturePath(`rpms/${file}`)], {
        encoding: 'utf8',
      }).trim();

    const files = header.files.map((entry) => {
      const { path, sizeBytes, mode, digest, linkTo } = entry;
      return `${path}|${sizeBytes}|${mode}|${digest}|${linkTo}`;
    });
    const dependencies = (list: typeof header.requires) =>
      list.map(({ name, op, version }) => `${name} ${op} ${version}`.trim()).join('\n');
    assert.equal(files.join('\n'), query('--qf', format));
    assert.equal(dependencies(header.requires), squeeze(query('--requires')));
    assert.equal(dependencies(header.provides), squeeze(query('--provides')));
  });
}

const real = readFixture(DEVEL);
const BAD: readonly [title: string, bytes: Uint8Array, message: RegExp][] = [
  ['an empty file', new Uint8Array(0), /expected 96 bytes, found 0/],
  ['a file that is no RPM', Buffer.alloc(500, 'x'), /found one starting with "xxxx"/],
  ['a signature header without magic', patched(96, 0), /header magic/],
  ['too many signature tags', patched(96 + 8, 0, 0, 1, 0), /at most 32 tags/],
  ['too much signature data', patched(96 + 12, 0x7f), /at most 32 tags and/],
  ['a payload that is no cpio', replaced('cpio', 'drpm'), /"drpm"/],
  ['an illegal name', replaced('kernel-devel\0', '../nel-devel\0'), /legal name/],
  ['a path that climbs', replaced('/usr/src/kernels/\0', '/usr/../kernels/\0'), /packaged path/],
  ['a cut file', real.subarray(0, 2000), /found 2000/],
];
for (const [title, bytes, message] of BAD) {
  test(`readRpmHeader() refuses ${title}`, async () => {
    await assert.rejects(
      readRpmHeader(sourceOf(bytes)),
      (error) => error instanceof RpmHeaderParseError && message.test(error.message),
    );
  });
}

test('readRpmHeader() refuses a source that gives less than asked', async () => {
  const source = { byteLength: real.length, slice: async () => new Uint8Array(3) };

  await assert.rejects(readRpmHeader(source), RpmHeaderParseError);
});

function kmod(payload: string): string {
  return `rpms/kmod-demo-1.0~rc1-1.${payload}.x86_64.rpm`;
}

function patched(at: number, ...values: readonly number[]): Uint8Array {
  const copy = real.slice();
  copy.set(values, at);
  return copy;
}

function replaced(text: string, by: string): Uint8Array {
  const copy = Buffer.from(real);
  const at = copy.indexOf(text);
  assert.notEqual(at, -1);
  copy.write(by, at, 'latin1');
  return copy;
}

/** rpm itself prints `name op version`, and nothing of it where there is none. */
function squeeze(text: string): string {
  return text.replaceAll(/ +/g, ' ');
}
