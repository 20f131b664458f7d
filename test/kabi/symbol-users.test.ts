import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import test from 'node:test';
import { findSymbolUsers } from '../../kabi/symbol-users.ts';
import {
  type ElfParts,
  type MadeSymbol,
  makeElf,
  makeRelocations,
} from '../../lab/fast/make-elf.ts';
import { ModuleParseError } from '../../model/parse-errors.ts';
import { fixturePath, readFixture } from './fixtures.ts';

// Read off `objdump -dr` and, for the table of operations, `objdump -sj .data -r`.
const ACPI_CALL_USERS: Readonly<Record<string, readonly string[]>> = {
  acpi_root_dir: ['init_acpi_call', 'unload_acpi_call'],
  // Only in .text.unlikely, in the compiler's acpi_proc_write.cold and others.
  fortify_panic: ['acpi_proc_read', 'acpi_proc_write', 'get_avail_bytes', 'get_buffer_end'],
  // The call in the init function, whose other name is init_module, and one in a .cold part.
  _printk: ['acpi_proc_write', 'init_acpi_call'],
  remove_proc_entry: ['unload_acpi_call'],
  // A pointer in `struct proc_ops`.
  default_llseek: ['proc_acpi_operations'],
  simple_strtoul: ['acpi_proc_write', 'decodeHex'],
  kmalloc_caches: ['acpi_proc_write'],
};

test('findSymbolUsers() names the functions of a third-party module', () => {
  const users = findSymbolUsers(readFixture('modules/acpi_call.ko'));

  assert.deepEqual({ ...Object.fromEntries(users), ...ACPI_CALL_USERS }, Object.fromEntries(users));
  assert.equal(users.size, 25, 'all imports but module_layout');
  assert.deepEqual([...users.keys()], [...users.keys()].sort());
});

const withoutObjdump = spawnSync('objdump', ['--version']).error
  ? { skip: 'objdump not found' }
  : {};
for (const name of ['acpi_call', 'virtio_dma_buf']) {
  test(`findSymbolUsers() and objdump see the same in the code of ${name}`, withoutObjdump, () => {
    const users = findSymbolUsers(readFixture(`modules/${name}.ko`));

    const seen = readObjdump(fixturePath(`modules/${name}.ko`), new Set(users.keys()));
    for (const [symbol, functions] of seen) assert.deepEqual(users.get(symbol), functions, symbol);
    assert.ok(seen.size > 3);
  });
}

/** What `objdump -dr` shows: headings with a function's name, relocations below them. */
function readObjdump(path: string, imports: ReadonlySet<string>) {
  const found = new Map<string, Set<string>>();
  let heading = '';
  for (const line of execFileSync('objdump', ['-dr', path], { encoding: 'utf8' }).split('\n')) {
    heading = /^[0-9a-f]+ <(?<name>[^.>]+).*>:$/.exec(line)?.groups?.name ?? heading;
    const used = /: R_\w+\s+(?<symbol>\w+)/.exec(line)?.groups?.symbol;
    if (used === undefined || !imports.has(used)) continue;
    const aliases: Record<string, string> = {
      init_module: 'init_acpi_call',
      cleanup_module: 'unload_acpi_call',
    };
    found.set(used, (found.get(used) ?? new Set()).add(aliases[heading] ?? heading));
  }
  return new Map([...found].map(([symbol, functions]) => [symbol, [...functions].sort()]));
}

const FUNC = 2;
const OBJECT = 1;
const EXEC = 6;
const RELA = 4;
const REL = 9;
const LE64 = { is64Bit: true, isLittleEndian: true };

interface MadeUses extends Partial<ElfParts> {
  readonly code?: readonly MadeSymbol[];
  /** Places in .text that refer to `used`; those in .data are at 8. */
  readonly offsets?: readonly number[];
  readonly relocationType?: number;
}

/** A module whose .text and .data refer to the import `used`. */
function makeUses({ code = [], offsets = [4], relocationType = RELA, ...parts }: MadeUses) {
  const form = { ...LE64, ...parts, hasAddends: relocationType === RELA };
  const symbols: MadeSymbol[] = [
    { name: 'used', section: 'undefined' },
    { name: 'ops', section: '.data', type: OBJECT, value: 8, sizeBytes: 8 },
    ...code,
  ];
  const inText = makeRelocations(
    offsets.map((offset) => [offset, 1]),
    form,
  );
  const relocated = { type: relocationType, flags: 0 };
  const inData = makeRelocations([[8, 1]], form);
  return makeElf({
    ...form,
    sections: [
      { name: '.text', bytes: new Uint8Array(256), flags: EXEC },
      { name: '.data', bytes: new Uint8Array(64) },
      { name: '.rel.text', bytes: inText, relocates: '.text', ...relocated },
      { name: '.rel.data', bytes: inData, relocates: '.data', ...relocated },
      ...(parts.sections ?? []),
    ],
    symbols,
  });
}

function func(name: string, value: number, sizeBytes: number): MadeSymbol {
  return { name, section: '.text', type: FUNC, value, sizeBytes };
}

for (const is64Bit of [true, false]) {
  for (const isLittleEndian of [true, false]) {
    for (const relocationType of [RELA, REL]) {
      const title = `${is64Bit ? 64 : 32} bit ${isLittleEndian ? 'little' : 'big'} endian`;
      const form = relocationType === RELA ? 'SHT_RELA' : 'SHT_REL';
      test(`findSymbolUsers() reads ${form}: ${title}`, () => {
        const code = [func('first', 0, 16), func('second', 16, 16)];

        const bytes = makeUses({ is64Bit, isLittleEndian, relocationType, code, offsets: [20] });

        assert.deepEqual([...findSymbolUsers(bytes)], [['used', ['ops', 'second']]]);
      });
    }
  }
}

const OWNERS: readonly [title: string, uses: MadeUses, expected: readonly string[]][] = [
  ['the function before a gap for nothing', { code: [func('a', 0, 4)] }, []],
  ['a function without size up to the next', { code: [func('a', 0, 0), func('b', 32, 0)] }, ['a']],
  ['the innermost of nested functions', { code: [func('a', 0, 64), func('b', 4, 8)] }, ['b']],
  ['the outer one behind the inner', { code: [func('a', 0, 64), func('b', 0, 2)] }, ['a']],
  ['no data within code', { code: [{ ...func('a', 0, 64), type: OBJECT }] }, []],
  ['padding as nothing', { code: [func('__pfx_a', 0, 64)] }, []],
  [
    'a function by its own name, not the entry',
    { code: [func('init_module', 0, 9), func('my_init', 0, 9)] },
    ['my_init'],
  ],
  ['the entry where it has no other name', { code: [func('init_module', 0, 9)] }, ['init_module']],
  ['Thumb functions', { machine: 40, code: [func('a', 5, 4), func('b', 1, 3)] }, ['a']],
];
for (const [title, uses, expected] of OWNERS) {
  test(`findSymbolUsers() takes ${title}`, () => {
    assert.deepEqual(findSymbolUsers(makeUses(uses)).get('used'), [...expected, 'ops']);
  });
}

for (const suffix of ['.cold', '.isra.0', '.constprop.0', '.part.0', '.part.0.cold', '.llvm.47']) {
  test(`findSymbolUsers() takes ${suffix} from a name`, () => {
    const bytes = makeUses({ code: [func(`read${suffix}`, 0, 16), func('read', 16, 8)] });

    assert.deepEqual(findSymbolUsers(bytes).get('used'), ['ops', 'read']);
  });
}

test('findSymbolUsers() names at most eight users, the first of the alphabet', () => {
  const letters = [...'qwertzuiop'];
  const code = letters.map((letter, i) => func(letter, i * 4, 4));

  const users = findSymbolUsers(makeUses({ code, offsets: letters.map((_, i) => i * 4) }));

  assert.deepEqual(users.get('used'), [...letters, 'ops'].sort().slice(0, 8));
});

test('findSymbolUsers() overlooks debug information and tables without symbols', () => {
  const debug = { name: '.debug_info', bytes: new Uint8Array(64), flags: 0 };
  const relocations = makeRelocations([[4, 1]], { ...LE64, hasAddends: true });
  const related = { name: '.rela.debug_info', bytes: relocations, relocates: '.debug_info' };
  const sections = [debug, { ...related, type: RELA }];
  const name = { name: 'die', section: '.debug_info', type: OBJECT, sizeBytes: 64 };

  const users = findSymbolUsers(makeUses({ code: [name], sections }));

  assert.deepEqual(users.get('used'), ['ops']);
});

test('findSymbolUsers() takes relocations of what is not there for none', () => {
  const form = { ...LE64, hasAddends: true };
  const bytes = makeRelocations(
    [
      [4, 4_000_000],
      [2 ** 52, 1],
      [4, 0],
    ],
    form,
  );
  const sections = [{ name: '.rela.x', bytes, type: RELA, relocates: '.text' }];

  const users = findSymbolUsers(makeUses({ code: [func('a', 0, 64)], offsets: [], sections }));

  assert.deepEqual([...users], [['used', ['ops']]]);
});

test('findSymbolUsers() refuses a cut relocation table', () => {
  const sections = [{ name: '.rela.x', bytes: new Uint8Array(25), type: RELA, relocates: '.text' }];

  assert.throws(() => findSymbolUsers(makeUses({ sections })), ModuleParseError);
});

test('findSymbolUsers() bounds the relocations of all sections together', () => {
  const bytes = new Uint8Array(24 * 700_000);
  const table = { name: '.rela.x', bytes, type: RELA, relocates: '.text' };
  // The same bytes three times: a section may be announced as often as one likes.
  const module = makeUses({ sections: [table, table, table] });

  assert.throws(() => findSymbolUsers(module), /at most 2000000 relocations/);
});
