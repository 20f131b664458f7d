import assert from 'node:assert/strict';
import test from 'node:test';
import type { ProblemKind, SymbolProblem } from '../../model/kabi.ts';
import type { ProblemList } from '../../model/verdict.ts';
import { countProblems } from '../../plan/count-problems.ts';

function problemsOf(kind: ProblemKind, count: number, usedBy = 'jool'): readonly SymbolProblem[] {
  return Array.from({ length: count }, (_, index) => ({
    kind,
    symbol: `${kind}${index}`,
    usedBy,
    wantedCrc: 1,
  }));
}

function listOf(problems: readonly SymbolProblem[]): ProblemList {
  const counter = countProblems();
  for (const problem of problems) counter.add(problem);
  return counter.list();
}

function shownKinds(problems: readonly SymbolProblem[]): string {
  return listOf(problems)
    .shown.map(({ kind }) => kind)
    .join(' ');
}

test('countProblems() counts a symbol once, and names the modules that use it', () => {
  const modules = ['jool', 'jool_common', 'jool_siit', 'a', 'b', 'c'];

  const list = listOf(modules.flatMap((module) => problemsOf('crc', 1, module)));

  assert.deepEqual(list, {
    lostCount: 0,
    refusedCount: 0,
    crcCount: 1,
    shown: [
      {
        kind: 'crc',
        symbol: 'crc0',
        usedBy: 'jool',
        wantedCrc: 1,
        alsoUsedBy: ['jool_common', 'jool_siit', 'a', 'b'],
      },
    ],
  });
});

test('countProblems() counts a symbol that is refused for two reasons as two', () => {
  const [gpl, namespace] = [problemsOf('gpl-only', 1), problemsOf('namespace', 1)];
  const renamed = namespace.map((problem) => ({ ...problem, symbol: 'gpl-only0' }));

  assert.equal(listOf([...gpl, ...renamed]).refusedCount, 2);
});

test('countProblems() shows twelve, of each class some, the gravest first', () => {
  const many = [...problemsOf('crc', 100), ...problemsOf('lost', 100)];
  const refused = [...problemsOf('namespace', 1), ...problemsOf('gpl-only', 1)];

  assert.equal(shownKinds(many), `${'lost '.repeat(9)}crc crc crc`);
  assert.equal(
    shownKinds([...problemsOf('crc', 59), ...refused, ...problemsOf('lost', 2)]),
    `lost lost ${'crc '.repeat(8)}gpl-only namespace`,
  );
  assert.equal(shownKinds(problemsOf('duplicate', 1)), 'duplicate');
  assert.equal(shownKinds([]), '');
});

test('countProblems() shows the first by name, in whichever order they come', () => {
  const problems = problemsOf('crc', 100).toReversed();

  const names = listOf(problems).shown.map(({ symbol }) => symbol);

  assert.deepEqual(
    names,
    problems
      .map(({ symbol }) => symbol)
      .sort()
      .slice(0, 12),
  );
});
