import assert from 'node:assert/strict';
import test from 'node:test';
import type { DonorBuild } from '../../model/cell.ts';
import type { PlannedCell, RebuildPlan } from '../../model/plan.ts';
import { needsBuild } from '../../model/verdict.ts';
import { assemblePlan, type KmodFacts, type PlanFacts } from '../../plan/assemble-plan.ts';
import { seededRandom } from '../kabi/hostile.ts';
import {
  type Crcs,
  donorOf,
  INPUT,
  kernelOf,
  kmodOf,
  moduleOf,
  SOURCE,
  symversOf,
} from '../support/plan-facts.ts';

const OLD = '5.14.0-610.el9.x86_64';
const NEW = '5.14.0-611.el9.x86_64';
const STREAM = { name: 'lab', target: 'centos9', repository: 'kmods' };

function factsOf(
  name: string,
  donors: readonly DonorBuild[],
  changes: Partial<KmodFacts> = {},
): KmodFacts {
  return {
    kmod: kmodOf(name),
    sourceDigest: SOURCE,
    inputDigest: INPUT,
    bindsToOneKernel: false,
    donors,
    ...changes,
  };
}

/** A kmod of one module with one build for an older kernel. */
function built(name: string, imports: Crcs, exports: Crcs = {}, release = OLD): KmodFacts {
  return factsOf(name, [donorOf(release, [moduleOf(name, { imports, exports })])]);
}

function planOf(
  kmods: readonly KmodFacts[],
  changes: Partial<PlanFacts> = {},
): RebuildPlan & { readonly byName: Readonly<Record<string, PlannedCell>> } {
  const plan = assemblePlan({
    stream: STREAM,
    kernel: kernelOf('5.14.0-611.el9'),
    symvers: symversOf({ printk: 1, kfree: 2 }),
    kmods,
    forced: [],
    ...changes,
  });
  return { ...plan, byName: Object.fromEntries(plan.cells.map((cell) => [cell.kmod, cell])) };
}

/** E.g. `keep compatible`, `rebuild crc-changed`. */
function verdictOf(cell: PlannedCell | undefined): string {
  const verdict = cell?.verdict;
  return `${verdict?.kind} ${verdict && 'why' in verdict ? verdict.why : ''}`;
}

test('assemblePlan() says for which kernel, where it is built and where it goes', () => {
  const { byName: _, cells, ...head } = planOf([]);

  assert.deepEqual(cells, []);
  assert.deepEqual(head, {
    stream: 'lab',
    release: NEW,
    arch: 'x86_64',
    target: 'centos9',
    repository: 'kmods',
  });
});

test('assemblePlan() fills every field of a cell', () => {
  const [cell] = planOf([built('jool', { printk: 1 })]).cells;

  assert.deepEqual(cell, {
    stream: 'lab',
    kmod: 'jool',
    release: NEW,
    arch: 'x86_64',
    verdict: { kind: 'keep', why: 'compatible', donor: OLD, importCount: 1 },
    wave: 0,
    needs: [],
    required: true,
    sourceDigest: SOURCE,
    inputDigest: INPUT,
    buildNumber: 1,
    expectedSeconds: 62,
  });
});

test('assemblePlan() expects no time of what was never built', () => {
  const [cell] = planOf([factsOf('jool', [])]).cells;

  assert.ok(cell && !('expectedSeconds' in cell));
});

test('assemblePlan() counts builds for this kernel only', () => {
  const modules = [moduleOf('jool', { imports: { printk: 1 } })];
  const own = donorOf(NEW, modules, { buildNumber: 3 });
  const other = donorOf(OLD, modules, { buildNumber: 8 });

  assert.equal(planOf([factsOf('jool', [own, other])]).cells[0]?.buildNumber, 4);
  assert.equal(planOf([factsOf('jool', [other])]).cells[0]?.buildNumber, 1);
});

test('assemblePlan() builds a provider before those that need it, in waves', () => {
  const plan = planOf([
    built('a-user', { d_ioctl: 5, u_hook: 6 }),
    built('dahdi', { printk: 9 }, { d_ioctl: 5 }),
    built('middle', { d_ioctl: 5 }, { u_hook: 6 }),
    built('alone', { printk: 9 }),
  ]);

  assert.deepEqual(
    plan.cells.map(({ kmod, wave, needs }) => [kmod, wave, needs]),
    [
      ['alone', 0, []],
      ['dahdi', 0, []],
      ['middle', 1, ['dahdi']],
      ['a-user', 2, ['dahdi', 'middle']],
    ],
  );
  assert.equal(verdictOf(plan.byName['a-user']), 'rebuild provider-rebuilt');
});

test('assemblePlan() keeps a dependant of a provider that is kept', () => {
  const plan = planOf([
    built('user', { d_ioctl: 5 }),
    built('dahdi', { printk: 1 }, { d_ioctl: 5 }),
  ]);

  assert.equal(verdictOf(plan.byName.user), 'keep compatible');
  assert.deepEqual(
    plan.cells.map(({ wave }) => wave),
    [0, 0],
  );
});

test('assemblePlan() resolves a dependant against the very build of its provider that is kept', () => {
  const provider = factsOf('dahdi', [
    donorOf(OLD, [moduleOf('dahdi', { imports: { printk: 9 }, exports: { d_ioctl: 6 } })]),
    donorOf('5.14.0-609.el9.x86_64', [
      moduleOf('dahdi', { imports: { printk: 1 }, exports: { d_ioctl: 5 } }),
    ]),
  ]);

  assert.equal(
    verdictOf(planOf([provider, built('user', { d_ioctl: 5 })]).byName.user),
    'keep compatible',
  );
  assert.equal(
    verdictOf(planOf([provider, built('user', { d_ioctl: 6 })]).byName.user),
    'rebuild crc-changed',
  );
});

test("assemblePlan() resolves a dependant against its provider's build for this kernel", () => {
  const modules = [moduleOf('dahdi', { exports: { d_ioctl: 6 } })];
  const newer = donorOf('5.14.0-612.el9.x86_64', [moduleOf('dahdi', { exports: { d_ioctl: 5 } })]);
  const provider = factsOf('dahdi', [newer, donorOf(NEW, modules)]);

  const plan = planOf([provider, built('user', { d_ioctl: 6 })]);

  assert.equal(verdictOf(plan.byName.dahdi), 'keep built-for-this-kernel');
  assert.equal(verdictOf(plan.byName.user), 'keep compatible');
});

test('assemblePlan() rebuilds a dependant of a provider that is forced', () => {
  const plan = planOf(
    [built('user', { d_ioctl: 5 }), built('dahdi', { printk: 1 }, { d_ioctl: 5 })],
    { forced: ['dahdi'] },
  );

  assert.equal(verdictOf(plan.byName.dahdi), 'rebuild forced');
  assert.equal(verdictOf(plan.byName.user), 'rebuild provider-rebuilt');
});

test('assemblePlan() blocks two kmods that must be built and need each other, and only those', () => {
  const { byName } = planOf([
    built('a', { b_call: 1, printk: 9 }, { a_call: 1 }),
    built('b', { a_call: 1 }, { b_call: 1 }),
    built('user', { a_call: 1 }),
    built('free', { printk: 9 }),
  ]);

  const cycle = ['a', 'b', 'a'];
  assert.deepEqual(byName.a?.verdict, { kind: 'blocked', by: 'b', cycle });
  assert.deepEqual(byName.b?.verdict, { kind: 'blocked', by: 'a', cycle });
  assert.deepEqual(byName.user?.verdict, { kind: 'blocked', by: 'a' });
  assert.equal(verdictOf(byName.free), 'rebuild crc-changed');
});

test('assemblePlan() orders first builds by specs and inventory, and says why', () => {
  const devel = { buildRequires: ['kmod-core-devel'], requires: [], provides: ['kmod-user'] };
  const { cells, byName } = planOf([
    factsOf('user', [], { dependencies: devel }),
    factsOf('addon', [], { kmod: kmodOf('addon', { needs: ['user'] }) }),
    factsOf('core', []),
  ]);

  assert.deepEqual(
    cells.map(({ kmod, wave, needs }) => [kmod, wave, needs]),
    [
      ['core', 0, []],
      ['user', 1, ['core']],
      ['addon', 2, ['user']],
    ],
  );
  assert.deepEqual(byName.user?.needReasons, [
    { kmod: 'core', from: 'build-requires', what: 'kmod-core-devel' },
  ]);
  assert.deepEqual(byName.core?.neededBy, ['user']);
});

test('assemblePlan() rebuilds after its provider what was built of it, not what is installed with it', () => {
  const providers = (dependencies: KmodFacts['dependencies']) =>
    planOf([
      factsOf('core', [donorOf(OLD, [moduleOf('core', { imports: { printk: 9 } })])]),
      { ...built('user', { printk: 1 }), ...(dependencies ? { dependencies } : {}) },
    ]).byName.user;
  const none = { buildRequires: [], requires: [], provides: [] };

  assert.equal(
    verdictOf(providers({ ...none, buildRequires: ['kmod-core-devel'] })),
    'rebuild provider-rebuilt',
  );
  assert.equal(verdictOf(providers({ ...none, requires: ['kmod-core'] })), 'keep compatible');
});

test('assemblePlan() keeps two kmods that need each other', () => {
  const plan = planOf([
    built('a', { b_call: 1, printk: 1 }, { a_call: 1 }),
    built('b', { a_call: 1 }, { b_call: 1 }),
  ]);

  assert.ok(plan.cells.every((cell) => verdictOf(cell) === 'keep compatible'));
});

test('assemblePlan() says which in-tree modules a kept kmod needs by now', () => {
  const symvers = new Map(symversOf({ printk: 1, phylink_start: 2 }));
  const moved = symvers.get('phylink_start');
  assert.ok(moved);
  symvers.set('phylink_start', { ...moved, module: 'drivers/net/phy/phylink' });

  const plan = planOf([built('nic', { phylink_start: 2 })], { symvers });

  const verdict = plan.byName.nic?.verdict;
  assert.ok(verdict?.kind === 'keep' && verdict.why === 'compatible');
  assert.deepEqual(verdict.newDependencies, ['drivers/net/phy/phylink']);
});

test('assemblePlan() leaves its input as it was', () => {
  const kmods = Object.freeze([
    built('user', { d_ioctl: 5 }),
    built('dahdi', { printk: 9 }, { d_ioctl: 5 }),
    built('a', { printk: 1 }),
  ]);
  const before = structuredClone(kmods);

  planOf(kmods);

  assert.deepEqual(kmods, before);
});

test('assemblePlan() does not depend on the order of the inventory', () => {
  const kmods = [
    built('c', { b_call: 5 }),
    built('b', { a_call: 5 }, { b_call: 5 }),
    built('a', { printk: 9 }, { a_call: 5 }),
    built('d', { printk: 1 }),
  ];

  assert.deepEqual(planOf(kmods), planOf(kmods.toReversed()));
});

test('assemblePlan() rebuilds what was built of packages of a provider that is another one by now', () => {
  const verdict = (from: 'buildRequires' | 'requires', given: string): string => {
    const dependencies = { buildRequires: [], requires: [], provides: [], [from]: ['kmod-core'] };
    const core = donorOf(NEW, [moduleOf('core', { exports: { core: 1 } })]);
    const user = donorOf(NEW, [moduleOf('user', { imports: { core: 1 } })], {
      given: { core: given },
    });
    return verdictOf(
      planOf([factsOf('core', [core]), factsOf('user', [user], { dependencies })]).byName.user,
    );
  };

  assert.equal(verdict('buildRequires', 'other input'), 'rebuild provider-rebuilt');
  assert.equal(verdict('buildRequires', INPUT), 'keep built-for-this-kernel');
  // Of symbols the CRCs decide, and they fit.
  assert.equal(verdict('requires', 'other input'), 'keep built-for-this-kernel');
});

test("assemblePlan() rebuilds what was built for this kernel when its provider's CRC changed", () => {
  const core = donorOf(NEW, [moduleOf('core', { exports: { core: 2 } })]);
  const user = donorOf(NEW, [moduleOf('user', { imports: { core: 1 } })]);

  const { byName } = planOf([factsOf('core', [core]), factsOf('user', [user])]);

  assert.equal(verdictOf(byName.core), 'keep built-for-this-kernel');
  assert.equal(verdictOf(byName.user), 'rebuild crc-changed');
});

/** Small random inventories; about half of the kmods need others, cycles happen. */
function randomKmods(random: (limit: number) => number): readonly KmodFacts[] {
  const symbol = (): string => `s${random(12)}`;
  const crcs = (limit: number): Crcs =>
    Object.fromEntries(Array.from({ length: random(limit) }, () => [symbol(), random(2)]));
  const randomDonor = (release: string): DonorBuild =>
    donorOf(release, [moduleOf('m', { imports: crcs(4), exports: crcs(3) })], {
      sourceDigest: random(4) === 0 ? 'other source' : SOURCE,
      inputDigest: random(4) === 0 ? 'other input' : INPUT,
    });
  return Array.from({ length: random(8) }, (_, index) => {
    const releases = ['5.14.0-612.el9.x86_64', NEW, OLD].filter(() => random(2) === 0);
    return factsOf(`k${index}`, releases.map(randomDonor), {
      kmod: kmodOf(`k${index}`, random(5) === 0 ? { maxKernel: '5.13' } : {}),
      bindsToOneKernel: random(5) === 0,
    });
  });
}

/** Whether needs come back to where they began. */
function hasCycle(cells: readonly PlannedCell[]): boolean {
  const rest = new Map(cells.map((cell) => [cell.kmod, cell.needs]));
  for (let before = -1; before !== rest.size; ) {
    before = rest.size;
    for (const [kmod, needs] of rest) if (!needs.some((need) => rest.has(need))) rest.delete(kmod);
  }
  return rest.size > 0;
}

test('assemblePlan() gives any inventory a whole plan whose waves respect needs', () => {
  const random = seededRandom(20261123);
  let waveCount = 0;
  for (let i = 0; i < 3000; i += 1) {
    const kmods = randomKmods(random);
    const symbols = Array.from({ length: 12 }, (_, index) => [`s${index}`, random(2)] as const);
    const symvers = symversOf(Object.fromEntries(symbols.filter(() => random(3) > 0)));
    const forced = kmods.map(({ kmod }) => kmod.name).filter(() => random(6) === 0);

    const { cells, byName } = planOf(kmods, { symvers, forced });

    assert.deepEqual(
      cells.map(({ kmod }) => kmod).sort(),
      kmods.map(({ kmod }) => kmod.name).sort(),
    );
    for (const { kmod, needs, wave, verdict } of cells) {
      if (verdict.kind === 'keep') assert.equal(wave, 0, kmod);
      if (!needsBuild(verdict) || hasCycle(cells)) continue;
      for (const need of needs.map((name) => byName[name])) {
        assert.ok(need && (!needsBuild(need.verdict) || need.wave < wave), `${kmod} in run ${i}`);
      }
      waveCount += wave;
    }
  }
  assert.ok(waveCount > 100, 'the inventories are too simple');
});
