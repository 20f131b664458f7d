import assert from 'node:assert/strict';
import test from 'node:test';
import { listModuleUses } from '../../kabi/module-uses.ts';
import { readFixture } from './fixtures.ts';

test('listModuleUses() lists functions of a real module, at most four for a symbol', () => {
  const path = '/lib/modules/x/acpi_call.ko';

  const { module, uses } = listModuleUses({
    name: 'acpi_call',
    path,
    bytes: readFixture('modules/acpi_call.ko'),
  });

  const bySymbol = new Map(uses);
  assert.equal(module, 'acpi_call');
  assert.deepEqual(bySymbol.get('acpi_evaluate_object'), ['acpi_proc_write']);
  assert.equal(bySymbol.get('__fentry__')?.length, 4);
});

test('listModuleUses() has nothing to say of what is no module', () => {
  const bytes = new TextEncoder().encode('no module');

  assert.deepEqual(listModuleUses({ name: 'x', path: 'x', bytes }).uses, []);
});
