import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import test from 'node:test';
import { parseElf } from '../../kabi/elf.ts';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import { type ElfParts, makeCrcs, makeElf, makeVersions } from '../../lab/fast/make-elf.ts';
import { ModuleParseError } from '../../model/parse-errors.ts';
import { fixturePath, readFixture } from './fixtures.ts';

const MODULES = ['acpi_call', 'virtio_dma_buf'];

test('readModuleFacts() reads a third-party module', () => {
  const facts = readModuleFacts(readFixture('modules/acpi_call.ko'));

  assert.equal(facts.name, 'acpi_call');
  assert.equal(facts.vermagic, '6.1.0-54-amd64 SMP preempt mod_unload modversions ');
  assert.equal(facts.license, 'GPL');
  assert.equal(facts.arch, 'x86_64');
  assert.equal(facts.imports.length, 26);
  assert.deepEqual(
    facts.imports.find(({ symbol }) => symbol === 'module_layout'),
    { symbol: 'module_layout', crc: 0xbce1a965 },
  );
  assert.deepEqual(facts.importsWithoutCrc, []);
  assert.deepEqual(facts.exports, []);
});

test('readModuleFacts() reads exports, namespaces and past a signature', () => {
  const facts = readModuleFacts(readFixture('modules/virtio_dma_buf.ko'));

  assert.deepEqual(facts.importNamespaces, ['DMA_BUF']);
  assert.deepEqual(
    facts.exports.map(({ symbol }) => symbol),
    [
      'is_virtio_dma_buf',
      'virtio_dma_buf_attach',
      'virtio_dma_buf_export',
      'virtio_dma_buf_get_uuid',
    ],
  );
  assert.ok(facts.exports.every(({ crc }) => crc !== 0));
});

function skipWithout(...programs: string[]) {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error);
  return missing.length > 0 ? { skip: `${missing.join(', ')} not found` } : {};
}

for (const name of MODULES) {
  const path = fixturePath(`modules/${name}.ko`);
  const facts = readModuleFacts(readFixture(`modules/${name}.ko`));

  test(
    `readModuleFacts() and modprobe see the same imports of ${name}`,
    skipWithout('modprobe'),
    () => {
      const printed = execFileSync('modprobe', ['--dump-modversions', path], { encoding: 'utf8' });

      const imports = facts.imports.map(({ symbol, crc }) => `0x${hex(crc)}\t${symbol}`);
      assert.deepEqual(imports.sort(), printed.trim().split('\n').sort());
    },
  );

  test(
    `readModuleFacts() and modinfo see the same facts of ${name}`,
    skipWithout('modinfo'),
    () => {
      const field = (key: string) =>
        execFileSync('modinfo', ['-F', key, path], { encoding: 'utf8' }).replace(/\n$/, '');

      assert.equal(facts.name, field('name'));
      assert.equal(facts.vermagic, field('vermagic'));
      assert.equal(facts.license, field('license'));
      assert.equal(facts.depends.join(','), field('depends'));
      assert.equal(facts.importNamespaces.join('\n'), field('import_ns'));
    },
  );

  test(`readModuleFacts() and nm see the same symbols of ${name}`, skipWithout('nm'), () => {
    const lines = execFileSync('nm', [path], { encoding: 'utf8' }).trim().split('\n');
    const undefinedNames = lines.flatMap(
      (line) => /^ +U (?<name>.+)$/.exec(line)?.groups?.name ?? [],
    );
    const exportNames = lines.flatMap(
      (line) => / __ksymtab_(?<name>.+)$/.exec(line)?.groups?.name ?? [],
    );

    const known = new Set(facts.imports.map(({ symbol }) => symbol));
    assert.deepEqual(
      facts.importsWithoutCrc,
      undefinedNames.filter((symbol) => !known.has(symbol)).sort(),
    );
    assert.deepEqual(
      facts.exports.map(({ symbol }) => symbol),
      exportNames.sort(),
    );
  });
}

for (const is64Bit of [true, false]) {
  for (const isLittleEndian of [true, false]) {
    const title = `${is64Bit ? 64 : 32} bit ${isLittleEndian ? 'little' : 'big'} endian`;
    test(`readModuleFacts() reads imports and every form of export CRC: ${title}`, () => {
      const facts = readModuleFacts(makeModule({ is64Bit, isLittleEndian }));

      assert.deepEqual(facts, {
        name: 'made',
        vermagic: '6.1.0 SMP',
        license: 'GPL v2',
        depends: ['one', 'two'],
        imports: [
          { symbol: 'module_layout', crc: 0xdeadbeef },
          { symbol: 'perhaps', crc: 8, isWeak: true },
          { symbol: 'printk', crc: 7 },
        ],
        importsWithoutCrc: ['asm_helper'],
        exports: [
          { symbol: 'absolute_crc', crc: 0xfeedf00d },
          { symbol: 'no_crc', crc: 0 },
          { symbol: 'relative_crc', crc: 0xcafebabe },
        ],
        importNamespaces: ['DMA_BUF', 'CRYPTO_INTERNAL'],
        ...(is64Bit && isLittleEndian ? { arch: 'x86_64' } : {}),
      });
    });
  }
}

const MODINFO = [
  'license=GPL v2',
  'depends=one,two',
  'import_ns=DMA_BUF',
  'import_ns=CRYPTO_INTERNAL',
  'name=made',
  'vermagic=6.1.0 SMP',
  'unknown',
];

function makeModule(
  parts: Pick<ElfParts, 'is64Bit' | 'isLittleEndian'>,
  changed: { modinfo?: readonly string[]; sections?: ElfParts['sections'] } = {},
): Uint8Array {
  return makeElf({
    ...parts,
    sections: [
      { name: '.modinfo', bytes: Buffer.from(`${(changed.modinfo ?? MODINFO).join('\0')}\0`) },
      { name: '__kcrctab_gpl', bytes: makeCrcs([1, 0xcafebabe], parts.isLittleEndian) },
      ...(changed.sections ?? [
        {
          name: '__versions',
          bytes: makeVersions(
            [
              ['module_layout', 0xdeadbeef],
              ['perhaps', 8],
              ['printk', 7],
            ],
            parts,
          ),
        },
      ]),
    ],
    symbols: [
      { name: 'printk', section: 'undefined' },
      { name: 'asm_helper', section: 'undefined' },
      { name: '.TOC.', section: 'undefined' },
      { name: 'perhaps', section: 'undefined', isWeak: true },
      { name: '__crc_no_crc', section: 'undefined', isWeak: true },
      { name: '__crc_relative_crc', section: '__kcrctab_gpl', value: 4 },
      { name: '__crc_absolute_crc', section: 'absolute', value: 0xfeedf00d },
      { name: '__ksymtab_relative_crc', section: '.modinfo' },
      { name: '__ksymtab_absolute_crc', section: '.modinfo' },
      { name: '__ksymtab_no_crc', section: '.modinfo' },
    ],
  });
}

const LE64 = { is64Bit: true, isLittleEndian: true };

test('readModuleFacts() lists all imports as without CRC where there are no modversions', () => {
  const facts = readModuleFacts(makeModule(LE64, { sections: [] }));

  assert.deepEqual(facts.imports, []);
  assert.deepEqual(facts.importsWithoutCrc, ['asm_helper', 'printk']);
});

test('readModuleFacts() finds the name of a module for kernels before 4.13', () => {
  const struct = new Uint8Array(128);
  struct.set(Buffer.from('older'), 24);
  const modinfo = MODINFO.filter((entry) => !entry.startsWith('name='));
  const sections = [{ name: '.gnu.linkonce.this_module', bytes: struct }];

  assert.equal(readModuleFacts(makeModule(LE64, { modinfo, sections })).name, 'older');
});

test('readModuleFacts() reads for whom a symbol is exported', () => {
  const strings = Buffer.from('\0EC\0bad name\0');
  const bytes = makeElf({
    ...LE64,
    sections: [
      { name: '.modinfo', bytes: Buffer.from(`${MODINFO.join('\0')}\0`) },
      { name: '__ksymtab', bytes: new Uint8Array(12) },
      { name: '__ksymtab_gpl', bytes: new Uint8Array(12) },
      { name: '___ksymtab_gpl+unlinked', bytes: new Uint8Array(12) },
      { name: '__ksymtab_strings', bytes: strings },
    ],
    symbols: [
      { name: '__ksymtab_all', section: '__ksymtab' },
      { name: '__kstrtabns_all', section: '__ksymtab_strings', value: 0 },
      { name: '__ksymtab_gpl', section: '__ksymtab_gpl' },
      { name: '__kstrtabns_gpl', section: '__ksymtab_strings', value: 1 },
      { name: '__ksymtab_unlinked', section: '___ksymtab_gpl+unlinked' },
      { name: '__kstrtabns_unlinked', section: '__ksymtab_strings', value: 4 },
    ],
  });

  assert.deepEqual(readModuleFacts(bytes).exports, [
    { symbol: 'all', crc: 0 },
    { symbol: 'gpl', crc: 0, isGplOnly: true, namespace: 'EC' },
    { symbol: 'unlinked', crc: 0, isGplOnly: true },
  ]);
});

const BAD_MODULES: readonly [title: string, bytes: Uint8Array, message: RegExp][] = [
  ['an empty file', new Uint8Array(0), /expected an ELF file/],
  ['an xz-compressed module', Buffer.from('fd377a585a00'.padEnd(160, '0'), 'hex'), /xz data/],
  ['a gzip-compressed module', Buffer.from('1f8b0800'.padEnd(160, '0'), 'hex'), /gzip data/],
  ['a zstd-compressed module', Buffer.from('28b52ffd'.padEnd(160, '0'), 'hex'), /zstd data/],
  ['a program', withByte(makeModule(LE64), 16, 2), /object type 1, found 2/],
  ['an unknown ELF class', withByte(makeModule(LE64), 4, 3), /ELF class/],
  ['a file without .modinfo', makeElf({ ...LE64, sections: [], symbols: [] }), /\.modinfo/],
  ['a name that is a path', makeModule(LE64, { modinfo: ['name=../x'] }), /module name/],
  ['a module without name', makeModule(LE64, { modinfo: ['license=GPL'] }), /found none/],
];
for (const [title, bytes, message] of BAD_MODULES) {
  test(`readModuleFacts() refuses ${title}`, () => {
    assert.throws(
      () => readModuleFacts(bytes),
      (error) => error instanceof ModuleParseError && message.test(error.message),
    );
  });
}

test('parseElf() refuses a section table beyond the end, also at 2^64', () => {
  const bytes = makeModule(LE64);
  new DataView(bytes.buffer).setBigUint64(40, 2n ** 64n - 64n, true);

  assert.throws(() => parseElf(bytes), ModuleParseError);
});

test('readModuleFacts() bounds the work on names that overlap', () => {
  const modinfo = Buffer.from('name=a\0\0');
  const bytes = makeElf({
    ...LE64,
    sections: [{ name: '.modinfo', bytes: modinfo }],
    symbols: Array.from({ length: 40_000 }, (_, i) => ({
      name: i === 0 ? 'x'.repeat(1000) : '',
      section: 'undefined',
    })),
  });
  const view = new DataView(bytes.buffer);
  const firstSymbol = 64 + modinfo.length + 24;
  const longName = view.getUint32(firstSymbol, true);
  for (let i = 1; i < 40_000; i += 1) view.setUint32(firstSymbol + i * 24, longName, true);

  assert.throws(() => readModuleFacts(bytes), /bytes of names/);
});

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
