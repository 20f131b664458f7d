import assert from 'node:assert/strict';
import test from 'node:test';
import { findDependencies as findWithSymbols, type KmodModules } from '../../plan/dependencies.ts';
import { moduleOf } from '../support/plan-facts.ts';

/** The names alone. */
function findDependencies(builds: readonly KmodModules[]): ReadonlyMap<string, readonly string[]> {
  return new Map([...findWithSymbols(builds)].map(([kmod, needs]) => [kmod, [...needs.keys()]]));
}

test('findDependencies() makes an edge from the importer to the exporter', () => {
  const needs = findDependencies([
    { kmod: 'wcb4xxp', modules: [moduleOf('wcb4xxp', { imports: { dahdi_ioctl: 1, printk: 2 } })] },
    { kmod: 'dahdi', modules: [moduleOf('dahdi', { exports: { dahdi_ioctl: 1 } })] },
    { kmod: 'empty', modules: [] },
  ]);

  assert.deepEqual(
    [...needs],
    [
      ['wcb4xxp', ['dahdi']],
      ['dahdi', []],
      ['empty', []],
    ],
  );
});

test('findDependencies() takes edges of names, whatever the CRCs', () => {
  const needs = findDependencies([
    { kmod: 'dahdi', modules: [moduleOf('dahdi', { exports: { dahdi_ioctl: 1 } })] },
    { kmod: 'user', modules: [moduleOf('user', { imports: { dahdi_ioctl: 9 } })] },
  ]);

  assert.deepEqual(needs.get('user'), ['dahdi']);
});

test('findDependencies() makes an edge to each of several exporters, sorted', () => {
  const exporter = moduleOf('core', { exports: { shared: 1 } });

  const needs = findDependencies([
    { kmod: 'user', modules: [moduleOf('user', { imports: { shared: 1 } })] },
    { kmod: 'two', modules: [exporter] },
    { kmod: 'one', modules: [exporter] },
  ]);

  assert.deepEqual(needs.get('user'), ['one', 'two']);
});

test('findDependencies() makes no edge within a kmod', () => {
  const modules = [
    moduleOf('jool_common', { exports: { jool_init: 1 } }),
    moduleOf('jool', { imports: { jool_init: 1 } }),
  ];

  assert.deepEqual(findDependencies([{ kmod: 'jool', modules }]).get('jool'), []);
});

test('findDependencies() makes no edge for what a kmod exports to itself', () => {
  // Two versions of one driver, as ELRepo has them: either works without the other.
  const modules = [
    moduleOf('drbd', { exports: { drbd_register_transport_class: 1 } }),
    moduleOf('drbd_transport_tcp', { imports: { drbd_register_transport_class: 1 } }),
  ];

  const needs = findDependencies([
    { kmod: 'drbd90', modules },
    { kmod: 'drbd91', modules },
  ]);

  assert.deepEqual(
    [...needs],
    [
      ['drbd90', []],
      ['drbd91', []],
    ],
  );
});

test('findDependencies() tells one of the symbols', () => {
  const needs = findWithSymbols([
    { kmod: 'dahdi', modules: [moduleOf('dahdi', { exports: { a: 1, b: 1 } })] },
    { kmod: 'user', modules: [moduleOf('user', { imports: { b: 9 } })] },
  ]);

  assert.deepEqual([...(needs.get('user') ?? [])], [['dahdi', 'b']]);
});
