import { CLASSES, type Judge } from './disagreements.ts';
import type { Forecast } from './forecasts.ts';
import { AS_BUILT, SAME_LAYOUT } from './inventory.ts';
import { describePair, type Pair } from './pair.ts';
import { type ComparedPair, isFalseKeep, isFalseRebuild, type Summary } from './summary.ts';
import { countInGrid, type GridLine, writeTable } from './table.ts';

const VERDICTS: readonly GridLine<Pair>[] = (['keep', 'rebuild', 'broken'] as const).map(
  (kind) => ({ name: kind, has: ({ verdict }) => verdict.kind === kind }),
);

/** Verdicts against the real loader, for the builds as they are and for what was made of them. */
export function describeMatrix(pairs: readonly Pair[]): string {
  const parts: readonly (readonly [string, (pair: Pair) => boolean])[] = [
    ['builds as they are', ({ variant }) => variant === AS_BUILT],
    ["builds with the kernel's CRC of module_layout", ({ variant }) => variant === SAME_LAYOUT],
    ['modules made wrong', ({ isNegative }) => isNegative],
    ['all', () => true],
  ];
  const columns = (['loads', 'refuses', 'crashes', 'hangs'] as const).map((kind) => ({
    name: kind,
    has: ({ loader }: Pair) => loader.kind === kind,
  }));
  return parts
    .map(([title, isPart]) => {
      const grid = countInGrid(pairs.filter(isPart), { corner: title, rows: VERDICTS, columns });
      return writeTable(grid);
    })
    .join('\n\n');
}

/** Verdicts against depmod and the two scripts. */
export function describeAgreements(pairs: readonly Pair[]): string {
  const foreign = pairs.filter(({ weak }) => weak);
  const depmod = countInGrid(pairs, {
    corner: 'depmod -e -E',
    rows: VERDICTS,
    columns: [
      { name: 'silent', has: (pair) => pair.depmod.fits },
      { name: 'complains', has: (pair) => !pair.depmod.fits },
    ],
  });
  const modules = countInGrid(foreign, {
    corner: "RHEL's weak-modules links",
    rows: VERDICTS,
    columns: (['all', 'some', 'none'] as const).map((part) => ({
      name: part,
      has: ({ weak }) => weak?.modules === part,
    })),
  });
  const modules2 = countInGrid(foreign, {
    corner: "SUSE's weak-modules2",
    rows: VERDICTS,
    columns: [
      { name: 'links', has: ({ weak }) => weak?.modules2 === true },
      { name: 'does not', has: ({ weak }) => weak?.modules2 === false },
    ],
  });
  return [depmod, modules, modules2].map(writeTable).join('\n\n');
}

/** What each negative case shows, over all kernels. */
export function describeCases(pairs: readonly Pair[]): string {
  const made = pairs.filter(({ isNegative }) => isNegative);
  const names = [...new Set(made.map(({ variant }) => variant))];
  const rows = names.map((name) => {
    const own = made.filter(({ variant }) => variant === name);
    const verdicts = own.map(({ verdict }) =>
      'why' in verdict ? `${verdict.kind} (${verdict.why})` : verdict.kind,
    );
    return [
      name,
      own.length,
      joinUnique(own.map(({ loader }) => loader.kind)),
      joinUnique(verdicts),
    ];
  });
  return writeTable([['module made wrong', 'kernels', 'loader', 'verdict'], ...rows]);
}

/** How often rekmod and another judge differ, by class. */
export function describeClasses(compared: readonly ComparedPair[]): string {
  const all = compared.flatMap(({ disagreements }) => disagreements);
  const judges = [...new Set(all.map(({ judge }) => judge))];
  const columns = judges.map((judge: Judge) => ({
    name: judge,
    has: (entry: (typeof all)[number]) => entry.judge === judge,
  }));
  const names = [...Object.keys(CLASSES), undefined];
  const rows = names
    .filter((name) => all.some((entry) => entry.class === name))
    .map((name) => ({
      name: name ?? 'unexplained',
      has: (entry: (typeof all)[number]) => entry.class === name,
    }));
  if (rows.length === 0) return 'rekmod and the others differ about nothing';
  return writeTable(countInGrid(all, { corner: 'why they differ', rows, columns }));
}

/** All that no class explains, and every false keep, in full. */
export function describeUnexplained(compared: readonly ComparedPair[]): string {
  return compared
    .flatMap(({ pair, disagreements }) =>
      disagreements
        .filter((entry) => entry.class === undefined)
        .map(({ judge, detail }) =>
          [
            `unexplained, ${judge}: ${describePair(pair)}: ${detail}`,
            ...describeEvidence(pair).map((line) => `    ${line}`),
          ].join('\n'),
        ),
    )
    .join('\n');
}

const EVIDENCE_LIMIT = 20;

function describeEvidence({ problems, loader, depmod }: Pair): readonly string[] {
  const ours = problems.map(({ kind, symbol, usedBy }) => `rekmod: ${kind} ${symbol} (${usedBy})`);
  const theirs =
    loader.kind === 'refuses'
      ? loader.refusals.flatMap(({ module, errno, sentences }) => [
          `loader: ${module} ${errno}`,
          ...sentences.map((sentence) => `loader: ${sentence}`),
        ])
      : [`loader: ${JSON.stringify(loader)}`];
  const complaints = depmod.complaints.map(
    ({ kind, symbol, module }) => `depmod: ${kind} ${symbol} (${module})`,
  );
  return [ours, theirs, complaints].flatMap((lines) => lines.slice(0, EVIDENCE_LIMIT));
}

/** What was foretold about compiling, and what the compiler said. */
export function describeForecasts(forecasts: readonly Forecast[]): string {
  const grid = countInGrid(forecasts, {
    corner: 'foretold',
    rows: (['keep', 'rebuild', 'broken'] as const).map((kind) => ({
      name: kind,
      has: ({ foretold }) => foretold === kind,
    })),
    columns: [
      { name: 'compiles', has: ({ firstError }) => firstError === undefined },
      { name: 'does not compile', has: ({ firstError }) => firstError !== undefined },
    ],
  });
  const failures = new Map<string, string[]>();
  for (const { kmod, builtFor, kernel, foretold, lost, firstError } of forecasts) {
    if (firstError === undefined) continue;
    const gone = lost.length === 0 ? '' : ` (lost ${lost.join(' ')})`;
    const story = `${kmod} of ${builtFor}: foretold ${foretold}${gone}: ${firstError}`;
    failures.set(story, [...(failures.get(story) ?? []), kernel]);
  }
  const lines = [...failures].map(([story, kernels]) => `${story}: on ${kernels.join(' ')}`);
  return [writeTable(grid), ...lines].join('\n');
}

/** The run as JSON for machines. */
export function toJson(
  compared: readonly ComparedPair[],
  forecasts: readonly Forecast[],
  summary: Summary,
): unknown {
  const pairs = compared.map(({ pair, disagreements }) => ({
    kmod: pair.kmod,
    variant: pair.variant,
    builtFor: pair.builtFor,
    kernel: pair.kernel,
    verdict: pair.verdict,
    isFalseKeep: isFalseKeep(pair),
    isFalseRebuild: isFalseRebuild(pair),
    problemCount: pair.problems.length,
    loader: shorten(pair.loader),
    depmod: { fits: pair.depmod.fits, complaintCount: pair.depmod.complaints.length },
    ...(pair.weak ? { weak: pair.weak } : {}),
    disagreements,
  }));
  return { summary, pairs, forecasts };
}

/** A kmod of many modules is refused with thousands of sentences. */
function shorten(loader: Pair['loader']): Pair['loader'] {
  if (loader.kind !== 'refuses') return loader;
  const refusals = loader.refusals.map((refusal) => ({
    ...refusal,
    sentences: refusal.sentences.slice(0, JSON_SENTENCE_LIMIT),
  }));
  return { ...loader, refusals };
}

const JSON_SENTENCE_LIMIT = 4;

function joinUnique(words: readonly string[]): string {
  return [...new Set(words)].sort().join(', ');
}
