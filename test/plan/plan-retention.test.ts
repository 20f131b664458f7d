import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellKey } from '../../model/cell.ts';
import type { ListedPackage } from '../../model/snapshot.ts';
import type { Verdict } from '../../model/verdict.ts';
import {
  findCellsToTrim,
  type KnownKernel,
  planRetention,
  type RetentionFacts,
} from '../../plan/plan-retention.ts';
import { seededRandom } from '../kabi/hostile.ts';
import { INPUT, SOURCE } from '../support/plan-facts.ts';
import { listedOf } from './listed-packages.ts';

type Cell = RetentionFacts['cells'][number];

const DAY_MS = 24 * 60 * 60_000;
const NOW = '2026-11-23T12:00:00.000Z';
const OWN: Verdict = { kind: 'keep', why: 'built-for-this-kernel' };
const [K1, K2, K3] = ['5.14.0-1', '5.14.0-2', '5.14.0-3'];

function daysAgo(days: number): string {
  return new Date(Date.parse(NOW) - days * DAY_MS).toISOString();
}

function kernelOf(release: string, goneDays?: number): KnownKernel {
  const gone = goneDays === undefined ? {} : { goneSince: daysAgo(goneDays) };
  return { stream: 'lab', release, ...gone };
}

/** A cell that was built last as these packages, or never. */
function cellOf(
  key: Partial<CellKey> & Pick<CellKey, 'release'>,
  packages: readonly ListedPackage[] = [],
  verdict: Verdict = OWN,
): Cell {
  const cell = { stream: 'lab', kmod: 'jool', ...key, verdict };
  if (packages.length === 0) return cell;
  const build = {
    ...{ inputDigest: INPUT, sourceDigest: SOURCE, buildNumber: 1, durationMs: 1, attemptLog: '' },
    modules: { sha256: '', sizeBytes: 0, moduleCount: 1 },
  };
  return {
    ...cell,
    lastBuild: { kind: 'published', packages, repository: 'kmods', snapshot: '000001', build },
  };
}

function keptBy(donor: string): Verdict {
  return { kind: 'keep', why: 'compatible', donor, importCount: 1 };
}

function plan(facts: Partial<RetentionFacts>): readonly (readonly [string, string])[] {
  const keep = { buildCount: 2, goneMs: 30 * DAY_MS };
  const standard = { packages: [], kernels: [], cells: [], keep, now: NOW };
  return [...planRetention({ ...standard, ...facts })];
}

test('planRetention() keeps the newest builds of a package for one kernel', () => {
  const builds = [9, 11, 1, 10].map((number) => listedOf({ release: K1 }, number));
  const other = [1, 2].map((number) => listedOf({ release: K2 }, number));
  const cells = [cellOf({ release: K1 }, [listedOf({ release: K1 }, 11)])];

  assert.deepEqual(plan({ packages: [...builds, ...other], cells }), [
    [listedOf({ release: K1 }, 9).fileName, 'superseded'],
    [listedOf({ release: K1 }, 1).fileName, 'superseded'],
  ]);
});

test('planRetention() keeps an older build while a record says that it serves', () => {
  const builds = [1, 2, 3, 4].map((number) => listedOf({ release: K1 }, number));
  const cells = [cellOf({ release: K1 }, [listedOf({ release: K1 }, 1)])];

  assert.deepEqual(plan({ packages: builds, cells }), [
    [listedOf({ release: K1 }, 2).fileName, 'superseded'],
  ]);
});

test('planRetention() drops what was built for a kernel that is gone for long', () => {
  const packages = [K1, K2, K3].map((release) => listedOf({ release }, 1));
  const kernels = [kernelOf(K1, 31), kernelOf(K2, 29), kernelOf(K3)];
  const cells = packages.map((file) => cellOf({ release: file.cell?.release ?? '' }, [file]));

  assert.deepEqual(plan({ packages, kernels, cells }), [
    [listedOf({ release: K1 }, 1).fileName, 'kernel-gone'],
  ]);
});

test('planRetention() keeps the build of a gone kernel that fits one which is offered', () => {
  const file = listedOf({ release: K1 }, 1);
  const kernels = [kernelOf(K1, 400), kernelOf(K2), kernelOf(K3)];
  const own = cellOf({ release: K3 }, [listedOf({ release: K3 }, 1)]);
  const cells = [cellOf({ release: K1 }, [file]), cellOf({ release: K2 }, [], keptBy(K1)), own];

  assert.deepEqual(plan({ packages: [file], kernels, cells }), []);
  assert.deepEqual(plan({ packages: [file], kernels: [kernelOf(K2, 400), ...kernels], cells }), [
    [file.fileName, 'kernel-gone'],
  ]);
});

test('planRetention() keeps the newest build of a kmod, which the next kernel is judged by', () => {
  const packages = [K1, K2].map((release) => listedOf({ release }, 1));
  const kernels = [kernelOf(K1, 400), kernelOf(K2, 400), kernelOf(K3)];
  const cells = packages.map((file) => cellOf({ release: file.cell?.release ?? '' }, [file]));

  assert.deepEqual(plan({ packages, kernels, cells }), [
    [listedOf({ release: K1 }, 1).fileName, 'kernel-gone'],
  ]);
});

test('planRetention() keeps the newest build of a kmod for each flavour', () => {
  const packages = [K1, K2, K3].map((release) => listedOf({ release }, 1));
  const kernels = [
    { ...kernelOf(K1, 400), flavour: 'default' },
    { ...kernelOf(K2, 400), flavour: 'azure' },
    { ...kernelOf(K3, 400), flavour: 'azure' },
  ];
  const cells = packages.map((file) => cellOf({ release: file.cell?.release ?? '' }, [file]));

  assert.deepEqual(plan({ packages, kernels, cells }), [
    [listedOf({ release: K2 }, 1).fileName, 'kernel-gone'],
  ]);
});

test('planRetention() keeps what nobody knows the cell of', () => {
  const { cell: _, ...file } = listedOf({ release: K1 }, 1);

  assert.deepEqual(plan({ packages: [file, file, file], kernels: [kernelOf(K1, 400)] }), []);
});

test('findCellsToTrim() names the cells that have more builds than are kept', () => {
  const packages = [
    ...[1, 2, 3].map((number) => listedOf({ release: K1 }, number)),
    ...[1, 2].map((number) => listedOf({ release: K2 }, number)),
  ];

  assert.deepEqual(findCellsToTrim(packages, { buildCount: 2 }), [
    { stream: 'lab', release: K1, kmod: 'jool' },
  ]);
  assert.deepEqual(findCellsToTrim(packages, { buildCount: 3 }), []);
});

/** Kernels that come and go, kmods that are built for some and kept for others, records that lag. */
function randomFacts(random: (limit: number) => number): RetentionFacts {
  const releases = Array.from({ length: 1 + random(5) }, (_, index) => `5.14.0-${index}`);
  const kernels = releases.map((release) =>
    kernelOf(release, random(2) === 0 ? undefined : random(60)),
  );
  const packages: ListedPackage[] = [];
  const cells: Cell[] = [];
  for (const kmod of ['a', 'b', 'c'].slice(0, 1 + random(3))) {
    for (const release of releases) {
      const builds = Array.from({ length: random(5) }, (_, n) => listedOf({ kmod, release }, n));
      packages.push(...builds.filter(() => random(8) > 0));
      if (random(6) === 0) continue;
      const last = builds.at(-1 - random(2));
      const donor = releases[random(releases.length)] ?? release;
      const verdict = last !== undefined && random(2) === 0 ? OWN : keptBy(donor);
      cells.push(cellOf({ kmod, release }, last ? [last] : [], verdict));
    }
  }
  const keep = { buildCount: 1 + random(3), goneMs: 30 * DAY_MS };
  return { packages, kernels: kernels.filter(() => random(10) > 0), cells, keep, now: NOW };
}

/** Everything that serves a kernel which is offered, or was a moment ago, straight from the records. */
function listServing({ cells, kernels, keep }: RetentionFacts): readonly string[] {
  return cells.flatMap(({ stream, release, kmod, verdict, lastBuild }) => {
    const since = kernels.find((kernel) => kernel.release === release)?.goneSince;
    if (since !== undefined && Date.parse(NOW) - Date.parse(since) >= keep.goneMs) return [];
    const donor = verdict.kind === 'keep' && verdict.why === 'compatible' ? verdict.donor : release;
    const serving = cells.find(
      (cell) => cell.stream === stream && cell.kmod === kmod && cell.release === donor,
    );
    return [lastBuild, serving?.lastBuild].flatMap((build) =>
      (build?.packages ?? []).map(({ fileName }) => fileName),
    );
  });
}

test('planRetention() never drops what serves a kernel, and finds nothing more the second time', () => {
  const random = seededRandom(20261123);
  const counts = { superseded: 0, gone: 0, serving: 0 };
  for (let i = 0; i < 3000; i += 1) {
    const facts = randomFacts(random);

    const dropped = planRetention(facts);

    for (const name of listServing(facts)) {
      assert.ok(!dropped.has(name), `${name} in run ${i}`);
      counts.serving += 1;
    }
    const packages = facts.packages.filter(({ fileName }) => !dropped.has(fileName));
    assert.deepEqual([...planRetention({ ...facts, packages })], [], `run ${i}`);
    for (const why of dropped.values()) counts[why === 'superseded' ? why : 'gone'] += 1;
  }
  assert.ok(Math.min(...Object.values(counts)) > 500, `too simple: ${JSON.stringify(counts)}`);
});
