import assert from 'node:assert/strict';
import test from 'node:test';
import { listContentSections } from '../../kabi/module-content.ts';
import { makeElf } from '../../lab/fast/make-elf.ts';
import { ModuleParseError } from '../../model/parse-errors.ts';
import { readFixture } from './fixtures.ts';

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function makeModule(sections: Readonly<Record<string, string>>): Uint8Array {
  return makeElf({
    is64Bit: true,
    isLittleEndian: true,
    sections: Object.entries(sections).map(([name, text]) => ({ name, bytes: bytesOf(text) })),
    symbols: [],
  });
}

test('listContentSections() leaves out what says only where a module comes from', () => {
  const module = makeModule({
    '.text': 'code',
    '.note.gnu.build-id': 'abc',
    '.comment': 'GCC',
    '.gnu_debuglink': 'x.debug',
    '.modinfo': 'license=GPL',
  });

  const names = listContentSections(module).map(({ name }) => name);

  assert.deepEqual(names, ['', '.text', '.modinfo', '.symtab', '.strtab']);
});

test('listContentSections() gives the same for a module with and without a signature', () => {
  const module = readFixture('modules/acpi_call.ko');
  const signed = Buffer.concat([module, bytesOf('~Module signature appended~\n')]);

  assert.deepEqual(listContentSections(signed), listContentSections(module));
  assert.ok(listContentSections(module).some(({ name }) => name === '__versions'));
});

test('listContentSections() refuses what is no module', () => {
  assert.throws(() => listContentSections(bytesOf('hello')), ModuleParseError);
});
