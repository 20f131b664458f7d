import assert from 'node:assert/strict';
import test from 'node:test';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import {
  dropImportCrc,
  renameSymbol,
  setExportCrc,
  setImportCrc,
  setModinfo,
} from '../../lab/truth/tamper.ts';
import { readFixture } from '../kabi/fixtures.ts';

const CALL = readFixture('modules/acpi_call.ko');
const DMA_BUF = readFixture('modules/virtio_dma_buf.ko');

function crcOf(bytes: Uint8Array, symbol: string): number | undefined {
  const { imports, exports } = readModuleFacts(bytes);
  return [...imports, ...exports].find((entry) => entry.symbol === symbol)?.crc;
}

test('setImportCrc() changes one CRC in a copy and nothing else', () => {
  const changed = setImportCrc(CALL, 'kfree', 7);

  assert.equal(crcOf(changed, 'kfree'), 7);
  assert.notEqual(crcOf(CALL, 'kfree'), 7);
  const differing = CALL.filter((byte, at) => byte !== changed[at]);
  assert.ok(differing.length <= 4);
});

test('dropImportCrc() leaves an import without a CRC', () => {
  const { importsWithoutCrc } = readModuleFacts(dropImportCrc(CALL, 'kfree', 'module_layout'));

  assert.deepEqual(importsWithoutCrc, ['kfree']);
});

test('renameSymbol() makes an import of another name, with the same CRC', () => {
  const facts = readModuleFacts(renameSymbol(CALL, 'kfree', 'kfreX'));

  assert.equal(facts.imports.find(({ symbol }) => symbol === 'kfreX')?.crc, crcOf(CALL, 'kfree'));
  assert.ok(!facts.imports.some(({ symbol }) => symbol === 'kfree'));
  assert.deepEqual(facts.importsWithoutCrc, []);
});

test('setModinfo() changes licence and namespaces', () => {
  assert.equal(readModuleFacts(setModinfo(CALL, 'license=GPL\0', 'license=XXX\0')).license, 'XXX');
  const { importNamespaces } = readModuleFacts(DMA_BUF);
  assert.deepEqual(importNamespaces, ['DMA_BUF']);
  const changed = setModinfo(DMA_BUF, 'import_ns=DMA_BUF', 'import_ns=DMA_BUX');
  assert.deepEqual(readModuleFacts(changed).importNamespaces, ['DMA_BUX']);
});

test('setExportCrc() changes the CRC that an export is given out with', () => {
  const [first] = readModuleFacts(DMA_BUF).exports;
  assert.ok(first);

  assert.equal(crcOf(setExportCrc(DMA_BUF, first.symbol, 9), first.symbol), 9);
});

test('what is not in a module cannot be changed', () => {
  assert.throws(() => setImportCrc(CALL, 'nowhere', 1), /no CRC of its import nowhere/);
  assert.throws(() => setModinfo(CALL, 'license=MIT', 'license=XXX'), /no license=MIT/);
  assert.throws(() => renameSymbol(CALL, 'kfree', 'longer'), /differ in length/);
});
