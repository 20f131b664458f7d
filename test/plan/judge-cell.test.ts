import assert from 'node:assert/strict';
import test from 'node:test';
import { findProblems } from '../../kabi/resolve.ts';
import { type CellFacts, judgeCell, listServingBuilds } from '../../plan/judge-cell.ts';
import {
  donorOf,
  INPUT,
  kernelOf,
  kmodOf,
  moduleOf,
  SOURCE,
  symversOf,
} from '../support/plan-facts.ts';

const OLD = '5.14.0-610.el9.x86_64';
const OLDER = '5.14.0-609.el9.x86_64';
const NEW = '5.14.0-611.el9.x86_64';
const FITTING = moduleOf('jool', { imports: { printk: 1, kfree: 2 } });
const CHANGED = moduleOf('jool', { imports: { printk: 9, kfree: 2 } });
const LOSING = moduleOf('jool', { imports: { strlcpy: 3, printk: 9 } });
const BLIND = moduleOf('jool', { importsWithoutCrc: ['printk'] });

function factsOf(changes: Partial<Facts> = {}): Facts {
  return {
    kmod: kmodOf('jool'),
    kernel: kernelOf('5.14.0-611.el9'),
    symvers: symversOf({ printk: 1, kfree: 2 }),
    sourceDigest: SOURCE,
    inputDigest: INPUT,
    donors: [donorOf(OLD, [FITTING])],
    providers: new Map(),
    rebuiltProviders: [],
    pendingSymbols: new Set(),
    bindsToOneKernel: false,
    isForced: false,
    ...changes,
  };
}

type Facts = Omit<CellFacts, 'accepted'>;

/** Judges a kmod whose builds nobody else depends on. */
function judge(facts: Facts) {
  const { symvers: kernel, providers } = facts;
  const accepted = listServingBuilds(facts).find(
    ({ modules }) => findProblems({ modules, kernel, providers }).length === 0,
  );
  return judgeCell({ ...facts, accepted });
}

test('judgeCell() keeps a build whose imports all resolve, and counts them', () => {
  assert.deepEqual(judge(factsOf()), {
    kind: 'keep',
    why: 'compatible',
    donor: OLD,
    importCount: 2,
  });
});

test('judgeCell() takes the newest of several builds that fit', () => {
  const donors = [donorOf(OLD, [FITTING]), donorOf(OLDER, [FITTING])];

  const verdict = judge(factsOf({ donors }));

  assert.equal(verdict.kind === 'keep' && verdict.why === 'compatible' && verdict.donor, OLD);
});

test('judgeCell() falls back to an older build that fits', () => {
  const donors = [donorOf(OLD, [CHANGED]), donorOf(OLDER, [FITTING])];

  const verdict = judge(factsOf({ donors }));

  assert.equal(verdict.kind === 'keep' && verdict.why === 'compatible' && verdict.donor, OLDER);
});

test('judgeCell() never falls back to a build of an older source', () => {
  const donors = [
    donorOf(OLD, [CHANGED]),
    donorOf(OLDER, [FITTING], { sourceDigest: 'other source' }),
  ];

  const verdict = judge(factsOf({ donors }));

  assert.equal(verdict.kind === 'rebuild' && verdict.why, 'crc-changed');
});

test('judgeCell() rebuilds what was never built', () => {
  const verdict = judge(factsOf({ donors: [] }));

  assert.deepEqual(verdict, { kind: 'rebuild', why: 'never-built' });
});

test('judgeCell() rebuilds for a changed CRC and names both CRCs of the newest build', () => {
  const donors = [donorOf(OLD, [CHANGED]), donorOf(OLDER, [LOSING])];

  assert.deepEqual(judge(factsOf({ donors })), {
    kind: 'rebuild',
    why: 'crc-changed',
    donor: OLD,
    problems: {
      lostCount: 0,
      refusedCount: 0,
      crcCount: 1,
      shown: [
        {
          kind: 'crc',
          symbol: 'printk',
          usedBy: 'jool',
          wantedCrc: 9,
          foundCrc: 1,
          provider: 'vmlinux',
        },
      ],
    },
  });
});

test('judgeCell() foretells trouble when a symbol is gone, and counts the changed ones too', () => {
  assert.deepEqual(judge(factsOf({ donors: [donorOf(OLD, [LOSING])] })), {
    kind: 'broken',
    why: 'symbols-lost',
    donor: OLD,
    problems: {
      lostCount: 1,
      refusedCount: 0,
      crcCount: 1,
      shown: [
        { kind: 'lost', symbol: 'strlcpy', usedBy: 'jool', wantedCrc: 3 },
        {
          kind: 'crc',
          symbol: 'printk',
          usedBy: 'jool',
          wantedCrc: 9,
          foundCrc: 1,
          provider: 'vmlinux',
        },
      ],
    },
  });
});

test('judgeCell() shows twelve problems of many, the lost ones first', () => {
  const names = Array.from({ length: 40 }, (_, index) => `symbol${index}`);
  const imports = Object.fromEntries(names.map((name) => [name, 7]));
  const exported = Object.fromEntries(names.slice(0, 35).map((name) => [name, 8]));

  const verdict = judge(
    factsOf({
      donors: [donorOf(OLD, [moduleOf('jool', { imports })])],
      symvers: symversOf(exported),
    }),
  );

  assert.ok(verdict.kind === 'broken');
  const { lostCount, crcCount, shown } = verdict.problems;
  assert.deepEqual([lostCount, crcCount, shown.length], [5, 35, 12]);
  assert.deepEqual(
    shown.slice(0, 6).map(({ kind }) => kind),
    ['lost', 'lost', 'lost', 'lost', 'lost', 'crc'],
  );
});

test('judgeCell() never keeps a build without modversions', () => {
  const verdict = judge(factsOf({ donors: [donorOf(OLD, [BLIND])] }));

  assert.deepEqual(verdict, {
    kind: 'rebuild',
    why: 'no-modversions',
    donor: OLD,
    problems: { lostCount: 0, refusedCount: 0, crcCount: 0, shown: [] },
  });
});

test('judgeCell() does not keep a build without modversions for its own kernel either', () => {
  const verdict = judge(factsOf({ donors: [donorOf(NEW, [BLIND])] }));

  assert.ok(verdict.kind === 'rebuild' && verdict.why === 'no-modversions');
});

test('judgeCell() rebuilds for a kernel whose vermagic has other flags, though all CRCs fit', () => {
  const vermagicFlags = ['SMP', 'preempt', 'mod_unload', 'modversions'];
  const kernel = kernelOf('5.14.0-611.el9', { vermagicFlags });
  const found = '5.14.0-610.el9.x86_64 SMP mod_unload modversions ';
  const other = donorOf(OLD, [FITTING, { ...FITTING, vermagic: found }]);

  assert.equal(judge(factsOf({ kernel })).kind, 'keep');
  assert.deepEqual(judge(factsOf({ kernel, donors: [other] })), {
    kind: 'rebuild',
    why: 'vermagic-changed',
    donor: OLD,
    found,
    expected: 'SMP preempt mod_unload modversions',
  });
  assert.equal(judge(factsOf({ donors: [other] })).kind, 'keep', 'the flags are not known');
});

test('judgeCell() says that a symbol is gone, even of a build without modversions', () => {
  const verdict = judge(factsOf({ donors: [donorOf(OLD, [BLIND])], symvers: symversOf({}) }));

  assert.equal(verdict.kind, 'broken');
});

test('judgeCell() rebuilds for another source, wherever the newest build was made for', () => {
  const old = donorOf(OLD, [FITTING], { sourceDigest: 'other source' });

  assert.deepEqual(judge(factsOf({ donors: [old] })), {
    kind: 'rebuild',
    why: 'source-changed',
    donor: OLD,
  });
  assert.deepEqual(judge(factsOf({ donors: [{ ...old, release: NEW }] })), {
    kind: 'rebuild',
    why: 'source-changed',
    donor: NEW,
  });
});

test("judgeCell() keeps a build for the kernel itself, though a newer kernel's exists", () => {
  const donors = [donorOf('5.14.0-612.el9.x86_64', [CHANGED]), donorOf(NEW, [FITTING])];

  assert.deepEqual(judge(factsOf({ donors })), { kind: 'keep', why: 'built-for-this-kernel' });
});

test('judgeCell() rebuilds for another builder, but only what was built for the kernel itself', () => {
  const own = donorOf(NEW, [FITTING], { inputDigest: 'other input' });

  assert.deepEqual(judge(factsOf({ donors: [own] })), {
    kind: 'rebuild',
    why: 'builder-changed',
    donor: NEW,
  });
  assert.equal(judge(factsOf({ donors: [{ ...own, release: OLD }] })).kind, 'keep');
});

test('judgeCell() rebuilds by force whatever fits, but nothing out of range', () => {
  const donors = [donorOf(NEW, [FITTING])];
  const kmod = kmodOf('jool', { maxKernel: '5.14.0-610' });

  assert.deepEqual(judge(factsOf({ donors, isForced: true })), {
    kind: 'rebuild',
    why: 'forced',
  });
  assert.equal(judge(factsOf({ donors, isForced: true, kmod })).kind, 'excluded');
});

test('judgeCell() never takes a build of another kernel for a package that binds to one', () => {
  const own = donorOf(NEW, [FITTING]);

  assert.deepEqual(judge(factsOf({ bindsToOneKernel: true })), {
    kind: 'rebuild',
    why: 'never-built',
  });
  assert.deepEqual(judge(factsOf({ bindsToOneKernel: true, donors: [own] })), {
    kind: 'keep',
    why: 'built-for-this-kernel',
  });
});

test('judgeCell() follows a provider that is rebuilt, whichever build it would have kept', () => {
  for (const release of [OLD, NEW]) {
    const donors = [donorOf(release, [FITTING])];

    assert.deepEqual(judge(factsOf({ donors, rebuiltProviders: ['dahdi', 'zfs'] })), {
      kind: 'rebuild',
      why: 'provider-rebuilt',
      provider: 'dahdi',
      donor: release,
    });
  }
});

test('judgeCell() calls no symbol lost that a provider will export', () => {
  const donors = [donorOf(OLD, [moduleOf('user', { imports: { dahdi_ioctl: 5, printk: 1 } })])];
  const facts = factsOf({ donors, rebuiltProviders: ['dahdi'] });

  const verdict = judge({ ...facts, pendingSymbols: new Set(['dahdi_ioctl']) });

  assert.equal(verdict.kind === 'rebuild' && verdict.why, 'provider-rebuilt');
  assert.equal(judge(facts).kind, 'broken');
});

test('judgeCell() still says that the kernel lost a symbol when a provider is rebuilt', () => {
  const donors = [donorOf(OLD, [LOSING])];

  const verdict = judge(factsOf({ donors, rebuiltProviders: ['dahdi'] }));

  assert.equal(verdict.kind, 'broken');
});

test('judgeCell() resolves against what accepted kmods export', () => {
  const donors = [donorOf(OLD, [moduleOf('user', { imports: { dahdi_ioctl: 5 } })])];

  assert.equal(judge(factsOf({ donors, providers: new Map([['dahdi_ioctl', [5]]]) })).kind, 'keep');
  const verdict = judge(factsOf({ donors, providers: new Map([['dahdi_ioctl', [6]]]) }));
  assert.equal(verdict.kind === 'rebuild' && verdict.why, 'crc-changed');
});

test('judgeCell() rebuilds what was built for this kernel against other CRCs of a provider', () => {
  const own = donorOf(NEW, [moduleOf('user', { imports: { dahdi_ioctl: 5, printk: 1 } })]);

  const verdict = judge(factsOf({ donors: [own], providers: new Map([['dahdi_ioctl', [6]]]) }));

  assert.equal(verdict.kind === 'rebuild' && verdict.why, 'crc-changed');
});

test('judgeCell() builds nothing of a frozen kmod, unless it is forced, and keeps what fits', () => {
  const frozen = { freeze: 'by ada: it loses data' };

  assert.deepEqual(judge(factsOf({ ...frozen, donors: [] })), {
    kind: 'excluded',
    why: 'frozen',
    limit: 'by ada: it loses data',
  });
  assert.equal(judge(factsOf({ ...frozen, donors: [donorOf(OLD, [CHANGED])] })).kind, 'excluded');
  assert.equal(judge(factsOf(frozen)).kind, 'keep');
  assert.equal(judge(factsOf({ ...frozen, isForced: true })).kind, 'rebuild');
});
