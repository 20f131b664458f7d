import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellState } from '../../model/cell-state.ts';
import { type GatedKernel, type GateRules, isOpen, NO_RULES } from '../../model/gate.ts';
import { CELL_STATES } from '../../model/status.ts';
import {
  decideGate,
  type GateCell,
  type GateFacts,
  type GateKernel,
} from '../../plan/decide-gate.ts';
import { pruneRules } from '../../plan/prune-rules.ts';

const NOW = '2026-11-23T12:00:00.000Z';
const LATER = '2026-11-24T12:00:00.000Z';
const SIGNED = { why: 'CVE-2026-1', by: 'ada', at: '2026-11-23T11:00:00.000Z' };

function cellOf(kmod: string, state: CellState, isRequired = true): GateCell {
  return { kmod, isRequired, state, why: state };
}

function kernelOf(release: string, ...cells: readonly GateCell[]): GateKernel {
  return { release, foundAt: '2026-11-23T11:30:00.000Z', cells };
}

function decide(
  kernels: readonly GateKernel[],
  changes: Partial<Omit<GateFacts, 'rules'>> & { readonly rules?: Partial<GateRules> } = {},
): readonly GatedKernel[] {
  return decideGate(factsOf(kernels, changes)).kernels;
}

function factsOf(
  kernels: readonly GateKernel[],
  { rules, ...changes }: Parameters<typeof decide>[1] & object = {},
): GateFacts {
  return {
    now: NOW,
    graceMs: 0,
    fastLane: { severities: [], skip: 'optional' },
    kernels,
    before: [],
    ...changes,
    rules: { ...NO_RULES, ...rules },
  };
}

const WAIVER = { ...SIGNED, release: 'k1', kmod: 'wireguard', until: LATER };

test('decideGate() releases a kernel whose required kmods are published or kept', () => {
  const [kernel] = decide([kernelOf('k1', cellOf('jool', 'built'), cellOf('zfs', 'kept'))]);

  const reason = 'all 2 required kmods are there';
  assert.deepEqual(kernel, { release: 'k1', state: 'released', reason, since: NOW, waitsFor: [] });
});

test('decideGate() releases a kernel for which nothing is required', () => {
  const [kernel] = decide([kernelOf('k1', cellOf('jool', 'failed', false))]);

  assert.equal(kernel?.state, 'released');
  assert.equal(kernel?.reason, 'no kmod is required');
});

for (const state of CELL_STATES) {
  if (state === 'built' || state === 'kept') continue;
  test(`decideGate() holds a kernel whose required kmod is ${state}`, () => {
    const [kernel] = decide([kernelOf('k1', cellOf('wireguard', state), cellOf('zfs', 'built'))]);

    assert.equal(kernel?.state, 'held');
    assert.equal(kernel?.reason, `waits for wireguard (${state})`);
    assert.deepEqual(kernel?.waitsFor, [
      { kmod: 'wireguard', isRequired: true, cell: state, why: state },
    ]);
  });
}

test('decideGate() waits for optional kmods that are worked on until the grace is over', () => {
  const kernels = [kernelOf('k1', cellOf('zfs', 'built'), cellOf('nvidia', 'running', false))];

  const waiting = decideGate(factsOf(kernels, { graceMs: 3_600_000 }));
  const [over] = decide(kernels, { graceMs: 1_800_000 });

  assert.equal(waiting.kernels[0]?.state, 'held');
  assert.equal(waiting.nextAt, '2026-11-23T12:30:00.000Z');
  assert.equal(
    waiting.kernels[0]?.reason,
    'waits for nvidia (optional, running), at most until 2026-11-23T12:30:00.000Z',
  );
  assert.equal(over?.state, 'released');
});

test('decideGate() does not wait for an optional kmod that failed', () => {
  const kernels = [kernelOf('k1', cellOf('nvidia', 'failed', false))];

  assert.equal(decide(kernels, { graceMs: 3_600_000 })[0]?.state, 'released');
});

test('decideGate() lets a kernel and newer ones through without a kmod that is waived', () => {
  const kernels = ['k0', 'k1', 'k2'].map((release) =>
    kernelOf(release, cellOf('wireguard', 'failed')),
  );

  const states = decide(kernels, { rules: { waivers: [WAIVER] } });

  assert.deepEqual(
    states.map(({ state }) => state),
    ['held', 'waived', 'waived'],
  );
  assert.equal(states[1]?.reason, `without wireguard, waived by ada until ${LATER}: CVE-2026-1`);
});

test('decideGate() does not let a waiver of one kmod stand for another', () => {
  const kernels = [kernelOf('k1', cellOf('wireguard', 'failed'), cellOf('zfs', 'failed'))];

  const [kernel] = decide(kernels, { rules: { waivers: [WAIVER] } });

  assert.equal(kernel?.reason, 'waits for zfs (failed)');
});

test('decideGate() holds the next kernel after a waiver has ended, and pulls back none', () => {
  const first = [kernelOf('k1', cellOf('wireguard', 'failed'))];
  const rules = { waivers: [WAIVER] };
  const before = decide(first, { rules });

  const after = decide([...first, kernelOf('k2', cellOf('wireguard', 'failed'))], {
    rules,
    before,
    now: LATER,
  });

  assert.deepEqual(after[0], before[0]);
  assert.equal(after[1]?.state, 'held');
});

test('decideGate() says when a waiver or freeze ends next', () => {
  const until = '2026-11-23T18:00:00.000Z';
  const freezes = [{ ...SIGNED, subject: { kind: 'stream' } as const, until }];

  const { nextAt } = decideGate(factsOf([], { rules: { waivers: [WAIVER], freezes } }));

  assert.equal(nextAt, until);
});

test('decideGate() releases nothing of a frozen stream or kernel, and takes nothing away', () => {
  const kernels = [kernelOf('k1', cellOf('zfs', 'built')), kernelOf('k2', cellOf('zfs', 'built'))];
  const before = decide(kernels.slice(0, 1));

  const stream = decide(kernels, {
    before,
    rules: { freezes: [{ ...SIGNED, subject: { kind: 'stream' } }] },
  });
  const kernel = decide(kernels, {
    rules: { freezes: [{ ...SIGNED, subject: { kind: 'kernel', release: 'k1' } }] },
  });

  assert.deepEqual(
    stream.map(({ state }) => state),
    ['released', 'held'],
  );
  assert.equal(stream[1]?.reason, 'the stream is frozen by ada: CVE-2026-1');
  assert.deepEqual(
    kernel.map(({ state }) => state),
    ['held', 'released'],
  );
});

test('decideGate() does not take the freeze of a kmod for a waiver', () => {
  const freezes = [{ ...SIGNED, subject: { kind: 'kmod', kmod: 'zfs' } as const }];

  const [kernel] = decide([kernelOf('k1', cellOf('zfs', 'excluded'))], { rules: { freezes } });

  assert.equal(kernel?.state, 'held');
});

test('decideGate() forgets a freeze that has ended', () => {
  const freezes = [{ ...SIGNED, subject: { kind: 'stream' } as const, until: NOW }];

  assert.equal(decide([kernelOf('k1')], { rules: { freezes } })[0]?.state, 'released');
});

test('decideGate() lets security kernels pass optional kmods', () => {
  const kernel = kernelOf('k1', cellOf('zfs', 'built'), cellOf('nvidia', 'running', false));
  const graceMs = 86_400_000;
  const fastLane = { severities: ['critical'], skip: 'optional' } as const;

  const [critical] = decide([{ ...kernel, severity: 'critical' }], { graceMs, fastLane });
  const [moderate] = decide([{ ...kernel, severity: 'moderate' }], { graceMs, fastLane });
  const [byHand] = decide([kernel], {
    graceMs,
    rules: { fastLane: [{ ...SIGNED, release: 'k1' }] },
  });

  assert.deepEqual([critical?.state, critical?.fastLane], ['released', 'critical']);
  assert.equal(moderate?.state, 'held');
  assert.deepEqual([byHand?.state, byHand?.fastLane], ['released', 'by hand']);
});

test('decideGate() lets security kernels pass required kmods that failed only where told so', () => {
  const kernel = {
    ...kernelOf('k1', cellOf('zfs', 'failed')),
    severity: 'critical',
  } as const;
  const lane = (skip: 'optional' | 'failed', cells = kernel.cells): GatedKernel | undefined =>
    decide([{ ...kernel, cells }], { fastLane: { severities: ['critical'], skip } })[0];

  assert.equal(lane('optional')?.state, 'held');
  assert.equal(lane('failed')?.state, 'waived');
  assert.equal(lane('failed')?.reason, 'fast lane (critical): without zfs (failed)');
  assert.equal(lane('failed', [cellOf('zfs', 'running')])?.state, 'held');
});

test('decideGate() does what the last order of a person says', () => {
  const kernels = [kernelOf('k1', cellOf('zfs', 'failed'))];
  const promote = { ...SIGNED, kind: 'promote', release: 'k1' } as const;
  const recall = { ...promote, kind: 'recall', why: 'it does not boot', at: NOW } as const;

  const [promoted] = decide(kernels, { rules: { orders: [promote] } });
  const [recalled] = decide(kernels, { rules: { orders: [promote, recall] }, now: LATER });
  const [again] = decide(kernels, { rules: { orders: [recall, promote] } });

  assert.deepEqual(promoted, {
    release: 'k1',
    state: 'released',
    reason: 'promoted by ada: CVE-2026-1',
    since: SIGNED.at,
    waitsFor: [],
  });
  assert.equal(recalled?.state, 'recalled');
  assert.equal(recalled?.reason, 'recalled by ada: it does not boot');
  assert.equal(recalled?.since, NOW);
  assert.equal(again?.state, 'released');
});

test('decideGate() keeps the moment of a state that lasts, and takes a new one for a new state', () => {
  const held = decide([kernelOf('k1', cellOf('zfs', 'running'))]);
  const still = decide([kernelOf('k1', cellOf('zfs', 'failed'))], { before: held, now: LATER });
  const gone = decide([kernelOf('k1', cellOf('zfs', 'built'))], { before: still, now: LATER });

  assert.equal(still[0]?.since, NOW);
  assert.equal(gone[0]?.since, LATER);
});

test('pruneRules() forgets what has ended and kernels that are gone', () => {
  const order = { ...SIGNED, kind: 'promote', release: 'k1' } as const;
  const rules: GateRules = {
    waivers: [WAIVER, { ...WAIVER, until: NOW }, { ...WAIVER, release: 'k0' }],
    freezes: [
      { ...SIGNED, subject: { kind: 'stream' } },
      { ...SIGNED, subject: { kind: 'kernel', release: 'k0' } },
      { ...SIGNED, subject: { kind: 'kmod', kmod: 'zfs' }, until: NOW },
    ],
    fastLane: [{ ...SIGNED, release: 'k0' }],
    orders: [order, { ...order, kind: 'recall' }, { ...order, release: 'k0' }],
  };

  assert.deepEqual(pruneRules(rules, ['k1'], NOW), {
    waivers: [WAIVER],
    freezes: [{ ...SIGNED, subject: { kind: 'stream' } }],
    fastLane: [],
    orders: [{ ...order, kind: 'recall' }],
  });
});

/** A generator of whole numbers below a limit that gives the same ones each time. */
function createDice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A history of a gate: kernels appear, cells change at random, people decide things, time goes on. */
function* play(seed: number): Generator<GateFacts> {
  const roll = createDice(seed);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[roll(items.length)];
    if (item === undefined) throw new Error('BUG: nothing to pick from');
    return item;
  };
  const moment = (hours: number): string =>
    new Date(Date.parse(NOW) + hours * 3_600_000).toISOString();
  const kmods = ['a', 'b', 'c'];
  const releases: string[] = [];
  let rules = NO_RULES;
  let before: readonly GatedKernel[] = [];
  for (let hour = 0; hour < 24; hour += 1) {
    const now = moment(hour);
    if (roll(3) === 0) releases.push(`k${releases.length}`);
    const release = releases.length > 0 ? pick(releases) : 'k0';
    const signed = { ...SIGNED, at: now };
    const until = moment(hour + roll(6));
    if (roll(5) === 0) {
      rules = {
        ...rules,
        waivers: [...rules.waivers, { ...signed, release, kmod: pick(kmods), until }],
      };
    }
    if (roll(8) === 0) {
      const subject = pick([{ kind: 'stream' }, { kind: 'kernel', release }] as const);
      rules = { ...rules, freezes: [...rules.freezes, { ...signed, subject, until }] };
    }
    if (roll(8) === 0) {
      const kind = pick(['promote', 'recall'] as const);
      rules = { ...rules, orders: [...rules.orders, { ...signed, kind, release }] };
    }
    const facts = factsOf(
      releases.map((name) => ({
        ...kernelOf(name, ...kmods.map((kmod) => cellOf(kmod, pick(CELL_STATES), kmod !== 'c'))),
        ...(roll(4) === 0 ? { severity: 'critical' as const } : {}),
      })),
      {
        now,
        before,
        rules,
        graceMs: 3_600_000,
        fastLane: { severities: ['critical'], skip: 'optional' },
      },
    );
    yield facts;
    before = decideGate(facts).kernels;
    rules = pruneRules(rules, releases, now);
  }
}

/** All moments of many histories. */
function* playAll(): Generator<GateFacts> {
  for (let seed = 0; seed < 100; seed += 1) yield* play(seed);
}

/** Kernels that are let through now, and were not before, by nobody's order. */
function listFresh(facts: GateFacts): readonly GateKernel[] {
  const { kernels } = decideGate(facts);
  return facts.kernels.filter(({ release }, index) => {
    const before = facts.before.find((kernel) => kernel.release === release);
    const isOrdered = facts.rules.orders.some((order) => order.release === release);
    return (
      isOpen(kernels[index]?.state ?? 'held') && !isOrdered && !isOpen(before?.state ?? 'held')
    );
  });
}

test('decideGate() never takes back what it let through, but by a recall', () => {
  for (const facts of playAll()) {
    for (const { release, state } of decideGate(facts).kernels) {
      const before = facts.before.find((kernel) => kernel.release === release);
      if (!isOpen(before?.state ?? 'held') || isOpen(state)) continue;
      const order = facts.rules.orders.findLast((one) => one.release === release);
      assert.equal(order?.kind, 'recall', `${release} went back to ${state}`);
    }
  }
});

test('decideGate() lets nothing through that lacks a required kmod nobody waived', () => {
  let freshCount = 0;
  for (const facts of playAll()) {
    const waived = facts.rules.waivers.map(({ kmod }) => kmod);
    for (const { release, cells } of listFresh(facts)) {
      freshCount += 1;
      const missing = cells.filter(
        ({ kmod, isRequired, state }) =>
          isRequired && state !== 'built' && state !== 'kept' && !waived.includes(kmod),
      );
      assert.deepEqual(missing, [], release);
    }
  }
  assert.ok(freshCount > 50, `only ${freshCount} kernels were let through`);
});

test('decideGate() decides the same when it is asked again', () => {
  for (const facts of playAll()) {
    const once = decideGate(facts);

    assert.deepEqual(decideGate({ ...facts, before: once.kernels }), once);
  }
});

test('decideGate() lets no kernel through that upstream took back, and takes none back for that', () => {
  const withdrawnSince = '2026-11-23T11:45:00.000Z';
  const kernel = { ...kernelOf('k1', cellOf('jool', 'built')), withdrawnSince };

  const [held] = decide([kernel]);
  const [open] = decide([kernel], { before: decide([kernelOf('k1', cellOf('jool', 'built'))]) });

  const since = { withdrawnSince, since: NOW, waitsFor: [] };
  const reason = `withdrawn upstream since ${withdrawnSince}`;
  assert.deepEqual(held, { release: 'k1', state: 'held', reason, ...since });
  assert.deepEqual(open, {
    ...{ release: 'k1', state: 'released', reason: 'the required kmod is there' },
    ...since,
  });
});

test('decideGate() goes on with a withdrawn kernel that upstream brings back', () => {
  const kernel = kernelOf('k1', cellOf('jool', 'built'));
  const before = decide([{ ...kernel, withdrawnSince: '2026-11-23T11:45:00.000Z' }]);

  const [back] = decide([kernel], { before });

  assert.equal(back?.state, 'released');
  assert.ok(!('withdrawnSince' in (back ?? {})));
});
