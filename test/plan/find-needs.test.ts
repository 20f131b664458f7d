import assert from 'node:assert/strict';
import test from 'node:test';
import type { PackagedModule } from '../../model/kabi.ts';
import { findNeeds, type NeedFacts, namesOfNeeds } from '../../plan/find-needs.ts';
import { readSpecDependencies } from '../../rpm/spec-dependencies.ts';
import { moduleOf } from '../support/plan-facts.ts';

function factsOf(
  name: string,
  {
    spec,
    needs,
    modules = [],
    isOldSource = false,
  }: {
    spec?: string;
    needs?: readonly string[];
    modules?: readonly PackagedModule[];
    isOldSource?: boolean;
  } = {},
): NeedFacts {
  return {
    kmod: { name, ...(needs ? { needs } : {}) },
    ...(spec === undefined ? {} : { dependencies: readSpecDependencies(spec) }),
    modules,
    isOldSource,
  };
}

test('findNeeds() knows what a first build needs, from specs and inventory', () => {
  const needs = findNeeds([
    factsOf('dahdi', { spec: 'Name: kmod-dahdi\n%package devel\n' }),
    factsOf('cards', { spec: 'Name: kmod-cards\nBuildRequires: gcc, kmod-dahdi-devel >= 3\n' }),
    factsOf('wct', { needs: ['dahdi'] }),
  ]);

  assert.deepEqual(Object.fromEntries(needs), {
    dahdi: [],
    cards: [{ kmod: 'dahdi', from: 'build-requires', what: 'kmod-dahdi-devel' }],
    wct: [{ kmod: 'dahdi', from: 'inventory' }],
  });
});

const REQUIREMENTS: readonly [provider: string, requirement: string][] = [
  ['Name: kmod-dahdi\n', 'kmod-dahdi'],
  // kmodtool makes kmod-dahdi of this.
  ['Name: dahdi-kmod\n', 'kmod-dahdi'],
  ['Name: dahdi-kmod\n', 'akmod-dahdi'],
  // Red Hat's macro does, too, and SUSE's these.
  ['Name: dahdi\n%kernel_module_package\n', 'kmod-dahdi-devel'],
  ['Name: dahdi\n%kernel_module_package\n', 'dahdi-kmp-default'],
  ['Name: dahdi\n%package -n dahdi-symbols\n', 'dahdi-symbols'],
  ['Name: x\nProvides: dahdi-api = 3\n', 'dahdi-api'],
  ['Name: kmod-dahdi\n', 'kmod(dahdi.ko)'],
];

for (const [provider, requirement] of REQUIREMENTS) {
  test(`findNeeds() finds whose package "${requirement}" is: ${JSON.stringify(provider)}`, () => {
    const user = `Name: kmod-user\nBuildRequires: ${requirement}\n`;

    const needs = namesOfNeeds(
      findNeeds([factsOf('dahdi', { spec: provider }), factsOf('user', { spec: user })]),
    );

    assert.deepEqual(needs.get('user'), ['dahdi']);
    assert.deepEqual(needs.get('dahdi'), []);
  });
}

test('findNeeds() finds modules and symbols that a package requires in the newest builds', () => {
  const modules = [moduleOf('dahdi_core', { exports: { dahdi_register: 1 } })];
  const spec = 'Name: u\nRequires: kmod(dahdi_core.ko)\nBuildRequires: ksym(dahdi_register) = 1\n';

  const needs = findNeeds([factsOf('dahdi', { modules }), factsOf('u', { spec })]);

  assert.deepEqual(needs.get('u'), [
    { kmod: 'dahdi', from: 'build-requires', what: 'ksym(dahdi_register)' },
    { kmod: 'dahdi', from: 'requires', what: 'kmod(dahdi_core.ko)' },
  ]);
});

test('findNeeds() makes no edge of what every kmod package says of the kernel', () => {
  const spec = (name: string): string =>
    `Name: kmod-${name}\nProvides: kernel-modules >= 5.14.0, installonlypkg(kernel-module)\nRequires: kernel-modules >= 5\n`;

  const needs = findNeeds([factsOf('a', { spec: spec('a') }), factsOf('b', { spec: spec('b') })]);

  assert.deepEqual(Object.fromEntries(namesOfNeeds(needs)), { a: [], b: [] });
});

test('findNeeds() lets the symbols of an older source give way to a spec that turned it round', () => {
  const core = [moduleOf('core', { imports: { helper: 1 }, exports: { core: 1 } })];
  const helper = [moduleOf('helper', { exports: { helper: 1 } })];
  const both = (isOldSource: boolean) =>
    findNeeds([
      factsOf('core', { modules: core, isOldSource }),
      factsOf('helper', { modules: helper, needs: ['core'] }),
    ]);

  assert.deepEqual(Object.fromEntries(namesOfNeeds(both(true))), { core: [], helper: ['core'] });
  assert.deepEqual(namesOfNeeds(both(false)).get('core'), ['helper']);
});

test('findNeeds() keeps the symbols of an older source where they make no cycle', () => {
  const user = [moduleOf('user', { imports: { core: 1 } })];
  const core = [moduleOf('core', { exports: { core: 1 } })];

  const needs = findNeeds([
    factsOf('user', { modules: user, isOldSource: true }),
    factsOf('core', { modules: core }),
  ]);

  assert.deepEqual(needs.get('user'), [{ kmod: 'core', from: 'symbols', what: 'core' }]);
});
