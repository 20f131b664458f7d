import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type ForeignOptions, readKernelExports } from '../../activities/kernel-exports.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import {
  DecompressError,
  RepodataParseError,
  RpmHeaderParseError,
  SymversParseError,
} from '../../model/parse-errors.ts';
import { fixturePath, readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { serveFiles, startHttpRig } from '../support/http-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const SYMVERS = fixturePath('symvers/debian-6.1.0-54-amd64.symvers');
const REPOSITORY = pathToFileURL(fixturePath('foreign')).href;
const UNAME = '6.1.0-54.el9.x86_64';
const rpm = (name: string) => fixturePath(`foreign/kernel-${name}-54.el9.x86_64.rpm`);
const CORE = rpm('core-6.1.0');
const MODULES = [rpm('modules-6.1.0'), rpm('modules-core-6.1.0')];

/** Reads without its symbols, which are counted; nothing may be left in the scratch directory. */
async function read(sources: readonly string[], changes: Partial<ForeignOptions> = {}) {
  await using scratch = await makeScratch();
  const { signal } = new AbortController();
  const options = { isMetadataOnly: false, scratch: scratch.path, signal, ...changes };
  const { symvers, ...kernel } = await readKernelExports(sources, options);
  assert.deepEqual(await readdir(scratch.path), []);
  return { ...kernel, symbolCount: symvers.size, layout: symvers.get('module_layout') };
}

test('readKernelExports() reads a Module.symvers, and copies of it whatever they are called', async () => {
  await using scratch = await makeScratch();
  const text = readFixtureText('symvers/debian-6.1.0-54-amd64.symvers');
  await writeFile(scratch.at('a.gz'), gzipSync(text));
  await writeFile(scratch.at('b.txt'), gzipSync(text));
  await writeFile(scratch.at('c'), execFileSync('xz', ['-c', SYMVERS]));
  await writeFile(scratch.at('d.gz'), execFileSync('zstd', ['-qc', SYMVERS]));

  for (const path of [SYMVERS, ...['a.gz', 'b.txt', 'c', 'd.gz'].map((name) => scratch.at(name))]) {
    const { symbolCount, layout, ...kernel } = await read([path]);
    assert.deepEqual(kernel, { name: path, releases: [] });
    assert.equal(symbolCount, 312);
    assert.equal(layout?.module, 'vmlinux');
  }
});

test('readKernelExports() takes the release from the path', async () => {
  await using scratch = await makeScratch();
  const name = `symvers-${UNAME}+rt`;
  await copyFile(SYMVERS, scratch.at(name));

  const { name: release, releases, flavour } = await read([scratch.at(name)]);

  assert.deepEqual([release, releases, flavour], [`${UNAME}+rt`, [`${UNAME}+rt`], 'rt']);
});

test('readKernelExports() reads symvers in the payload of kernel-core, hard links and all', async () => {
  const { layout, symbolCount, ...kernel } = await read([CORE, ...MODULES]);

  assert.deepEqual(kernel, {
    name: UNAME,
    releases: [UNAME, '6.1.0-54.el9'],
    arch: 'x86_64',
    flavour: 'default',
  });
  assert.equal(symbolCount, 312);
  assert.equal(layout?.module, 'vmlinux');
});

test('readKernelExports() reads the Module.symvers of kernel-devel', async () => {
  const kernel = await read([fixturePath('rpms/kernel-devel-6.1.0-54.el9.x86_64.rpm')]);

  assert.equal(kernel.name, UNAME);
  assert.equal(kernel.symbolCount, 60);
  assert.deepEqual(kernel.vermagicFlags, ['SMP', 'preempt', 'mod_unload', 'modversions']);
});

test('readKernelExports() takes the vermagic from the configuration beside the exports', async () => {
  await using scratch = await makeScratch();
  await copyFile(SYMVERS, scratch.at('symvers'));
  await writeFile(
    scratch.at('config'),
    'CONFIG_SMP=y\nCONFIG_MODVERSIONS=y\n# CONFIG_PREEMPT is not set\n',
  );

  const { vermagicFlags } = await read([scratch.at('symvers')]);

  assert.deepEqual(vermagicFlags, ['SMP', 'modversions']);
});

test('readKernelExports() puts together what packages provide', async () => {
  const whole = await read([CORE, ...MODULES], { isMetadataOnly: true });
  const { layout } = whole;

  assert.equal(whole.symbolCount, 312);
  assert.equal(whole.isFromMetadata, true);
  assert.equal(whole.missingPackages, undefined);
  assert.deepEqual(layout, {
    symbol: 'module_layout',
    crc: 0xbce1a965,
    module: 'kernel-core',
    exportType: 'EXPORT_SYMBOL',
    namespace: '',
  });
  const core = await read([CORE], { isMetadataOnly: true });
  assert.deepEqual(core.missingPackages, ['kernel-modules', 'kernel-modules-core']);
});

test("readKernelExports() reads SUSE's kernel with its flavour, CRCs without leading zeros", async () => {
  const kernel = await read([rpm('default-6.4.0')]);

  assert.deepEqual([kernel.flavour, kernel.symbolCount], ['default', 312]);
  assert.equal(kernel.layout?.crc, 0xbce1a965);
  assert.equal(kernel.missingPackages, undefined);
});

test('readKernelExports() finds what there is of a kernel in a directory', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('build'));
  await copyFile(SYMVERS, scratch.at('build', 'Module.symvers'));

  assert.equal((await read([scratch.path])).symbolCount, 312);
  const packages = await read([`${fixturePath('foreign')}#${UNAME}`]);
  assert.equal(packages.symbolCount, 312);
  assert.equal(packages.isFromMetadata, true);
});

const NAMES: readonly [wanted: string, name: string, crc: number][] = [
  ['6.1.0-54.el9', UNAME, 0xbce1a965],
  [UNAME, UNAME, 0xbce1a965],
  [`${UNAME}+rt`, `${UNAME}+rt`, 0xbce1a96],
  ['6.1.0-55.el9', '6.1.0-55.el9.x86_64', 0x9060323f],
  ['6.4.0-54.el9', '6.4.0-54.el9.x86_64', 0xbce1a965],
];
for (const [wanted, name, crc] of NAMES) {
  test(`readKernelExports() finds the kernel "${wanted}" in metadata`, async () => {
    const primary = fixturePath('foreign/repodata/primary.xml.gz');

    const kernel = await read([`${REPOSITORY}#${wanted}`]);

    assert.equal(kernel.name, name);
    assert.equal(kernel.layout?.crc, crc);
    assert.equal(kernel.symbolCount, wanted === '6.1.0-55.el9' ? 331 : 312);
    assert.deepEqual(await read([`${primary}#${wanted}`]), kernel);
  });
}

test('readKernelExports() reads a repository over HTTP', async () => {
  const names = ['repomd.xml', 'primary.xml.gz'];
  const files = new Map(
    names.map((name) => [`/repodata/${name}`, readFixture(`foreign/repodata/${name}`)]),
  );
  await using server = await startHttpRig(serveFiles(files));

  assert.equal((await read([`${server.url}/#6.1.0-54.el9`])).symbolCount, 312);
});

const REFUSED: readonly [
  title: string,
  sources: readonly string[],
  errorClass: new (...args: never[]) => Error,
  message: RegExp,
][] = [
  ['a path where nothing is', ['/no/such/file'], NotFoundError, /found nothing/],
  ['several kernels without a name', [REPOSITORY], NotFoundError, /6\.1\.0-54.*\+rt/],
  ['a kernel that is not there', [`${REPOSITORY}#1-1`], NotFoundError, /a kernel of it \(6\.1/],
  [
    'a kmod',
    [fixturePath('foreign/kmod-user-1.0-1.x86_64.rpm')],
    ContentInvalidError,
    /of a kernel/,
  ],
  ['a module', [fixturePath('modules/acpi_call.ko')], ContentInvalidError, /kernel module/],
  ['two kernels at once', [CORE, rpm('default-6.4.0')], ContentInvalidError, /one kernel/],
  ['some other text', [fixturePath('rpms/README.md')], SymversParseError, /line 1/],
];
for (const [title, sources, errorClass, message] of REFUSED) {
  test(`readKernelExports() refuses ${title}`, async () => {
    await assert.rejects(read(sources), (error) => {
      return error instanceof errorClass && message.test(error.message);
    });
  });
}

test('readKernelExports() refuses packages of two flavours of one version', async () => {
  const sources = [`${REPOSITORY}#${UNAME}`, `${REPOSITORY}#${UNAME}+rt`];

  await assert.rejects(read(sources), /one kernel/);
});

const HOSTILE: readonly [
  title: string,
  content: () => Uint8Array | string,
  errorClass: new (...args: never[]) => Error,
][] = [
  ['an empty file', () => '', ContentInvalidError],
  [
    'a gzip that is cut',
    () => gzipSync('0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\n').subarray(0, 20),
    DecompressError,
  ],
  ['an xz magic and nothing else', () => Buffer.from('fd377a585a00', 'hex'), DecompressError],
  ['an RPM magic and nothing else', () => Buffer.from('edabeedb0300', 'hex'), RpmHeaderParseError],
  ['a bomb', () => gzipSync(Buffer.alloc(80 * 1024 * 1024, '\n')), DecompressError],
  ['another XML', () => '<html></html>', RepodataParseError],
];
for (const [title, content, errorClass] of HOSTILE) {
  test(`readKernelExports() ends with an error of its own on ${title}`, async () => {
    await using scratch = await makeScratch();
    const path = scratch.at('symvers.gz');
    await writeFile(path, content());

    await assert.rejects(read([path]), errorClass);
  });
}
