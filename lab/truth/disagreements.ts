import type { ModuleFacts, SymbolProblem } from '../../model/kabi.ts';
import type { Refusal } from './loader-answer.ts';
import type { Pair } from './pair.ts';

/** Why a verdict and another judge may differ, each by a rule over facts; see docs/truth.md. */
export const CLASSES = {
  'no-modversions':
    'rekmod never keeps a module that lacks a CRC, and names no symbol; depmod names each, the loader takes it if it lacks all (taint F)',
  'gpl-only': 'depmod does not look at licences; the loader does',
  namespace: 'depmod does not look at namespaces; the loader does',
  duplicate: 'depmod does not look for symbols that are exported twice; the loader does',
  'weak-import': 'depmod ignores the CRC of a weak import; the loader does not',
  vermagic: 'depmod does not look at vermagic; the loader compares its flags',
  group: 'weak-modules drops a whole group of modules when one of another kmod does not fit',
} as const;

/** A name of {@link CLASSES}. */
export type DisagreementClass = keyof typeof CLASSES;

/** The judges that verdicts are compared with. */
export type Judge =
  | 'loader'
  | 'depmod'
  | 'weak-modules'
  | 'weak-modules2'
  /** Symbol by symbol: what depmod complains about in its first run. */
  | 'symbols of depmod'
  /** Symbol by symbol: what the kernel names when it refuses. */
  | 'symbols of the loader'
  /** Whether a negative case shows what it was made for. */
  | 'the case itself';

/** A difference between rekmod and another judge about a pair. */
export interface Disagreement {
  readonly judge: Judge;
  /** E.g. `rekmod says rebuild (crc-changed), the loader loads it`. */
  readonly detail: string;
  /** Absent if no rule explains it. */
  readonly class?: DisagreementClass;
}

/** Whether rekmod would leave the build as it is. */
export function isKept({ verdict }: Pair): boolean {
  return verdict.kind === 'keep';
}

/** Finds where rekmod and the other judges differ about a pair, and explains what can be explained. */
export function findDisagreements(pair: Pair): readonly Disagreement[] {
  return [
    ...compareLoader(pair),
    ...compareDepmod(pair),
    ...compareWeakModules(pair),
    ...compareDepmodSymbols(pair),
    ...compareLoaderSymbols(pair),
    ...checkCase(pair),
  ];
}

function compareLoader(pair: Pair): readonly Disagreement[] {
  const loads = pair.loader.kind === 'loads';
  if (loads === isKept(pair)) return [];
  const detail = `rekmod says ${sayVerdict(pair)}, the loader ${pair.loader.kind} it`;
  const isUnproven = loads && lacksModversions(pair);
  return [explain('loader', detail, isUnproven ? 'no-modversions' : undefined)];
}

function compareDepmod(pair: Pair): readonly Disagreement[] {
  const { fits } = pair.depmod;
  if (fits === isKept(pair)) return [];
  const detail = `rekmod says ${sayVerdict(pair)}, depmod ${fits ? 'is silent' : 'complains'}`;
  return [explain('depmod', detail, fits ? findBlindSpot(pair) : undefined)];
}

function compareWeakModules(pair: Pair): readonly Disagreement[] {
  const { weak } = pair;
  if (!weak) return [];
  const found: Disagreement[] = [];
  const links = weak.modules === 'all';
  if (links !== isKept(pair)) {
    const detail = `rekmod says ${sayVerdict(pair)}, weak-modules links ${weak.modules} of it`;
    const isDropped = pair.depmod.fits && weak.misfitsInGroup.length > 0;
    const why = links ? findBlindSpot(pair) : isDropped ? 'group' : undefined;
    found.push(explain('weak-modules', detail, why));
  }
  if (weak.modules2 !== isKept(pair)) {
    const what = weak.modules2 ? 'links' : 'does not link';
    const detail = `rekmod says ${sayVerdict(pair)}, weak-modules2 ${what} it`;
    found.push(explain('weak-modules2', detail, weak.modules2 ? findBlindSpot(pair) : undefined));
  }
  return found;
}

/** Why depmod sees nothing where rekmod does: only if every single problem is of a kind it cannot see. */
function findBlindSpot(pair: Pair): DisagreementClass | undefined {
  const { verdict } = pair;
  if (verdict.kind === 'rebuild' && verdict.why === 'vermagic-changed') return 'vermagic';
  const kinds = pair.problems.map((problem) => findBlindness(problem, pair));
  const [first] = kinds;
  return kinds.every((kind) => kind !== undefined) ? first : undefined;
}

function findBlindness(problem: SymbolProblem, pair: Pair): DisagreementClass | undefined {
  switch (problem.kind) {
    case 'gpl-only':
    case 'namespace':
    case 'duplicate':
      return problem.kind;
    case 'crc':
      return isWeakImport(problem, pair) ? 'weak-import' : undefined;
    case 'lost':
      return undefined;
    default:
      return problem.kind satisfies never;
  }
}

function isWeakImport({ usedBy, symbol }: SymbolProblem, { modules }: Pair): boolean {
  const module = modules.find(({ name }) => name === usedBy);
  return module?.imports.some((wanted) => wanted.symbol === symbol && wanted.isWeak) ?? false;
}

function lacksModversions({ modules }: Pair): boolean {
  return modules.some(
    ({ imports, importsWithoutCrc }) =>
      importsWithoutCrc.length > 0 || imports.some(({ crc }) => crc === 0),
  );
}

function compareDepmodSymbols(pair: Pair): readonly Disagreement[] {
  const ours = new Map<string, SymbolProblem>();
  for (const problem of pair.linkProblems) {
    if (problem.kind !== 'lost' && problem.kind !== 'crc') continue;
    const kind = problem.kind === 'lost' ? 'unknown' : 'version';
    ours.set(`${problem.usedBy} ${problem.symbol} ${kind}`, problem);
  }
  const theirs = new Map(
    pair.depmod.complaints.map((complaint) => [
      `${complaint.module} ${complaint.symbol} ${complaint.kind}`,
      complaint,
    ]),
  );
  const found: Disagreement[] = [];
  for (const [key, problem] of ours) {
    if (theirs.has(key)) continue;
    const why = findBlindness(problem, pair);
    found.push(explain('symbols of depmod', `only rekmod names ${key}`, why));
  }
  for (const [key, { module, symbol }] of theirs) {
    if (ours.has(key)) continue;
    const facts = pair.modules.find(({ name }) => name === module);
    const why = facts?.importsWithoutCrc.includes(symbol) ? 'no-modversions' : undefined;
    found.push(explain('symbols of depmod', `only depmod names ${key}`, why));
  }
  return found;
}

/**
 * What the kernel names when it refuses a module, rekmod must name, and the other way round.
 *
 * rekmod says nothing about symbols of the kmod's own family; the kernel misses them where the provider
 * was refused or has no hardware. A wrong module_layout or vermagic keeps the kernel from looking further.
 */
function compareLoaderSymbols(pair: Pair): readonly Disagreement[] {
  const { loader } = pair;
  if (loader.kind !== 'refuses') return [];
  const gone = new Set([...loader.refusals.map(({ module }) => module), ...loader.withoutDevice]);
  const missed = pair.modules
    .filter(({ name }) => gone.has(name))
    .flatMap(({ exports }) => exports.map(({ symbol }) => symbol));
  return pair.modules.flatMap((module) => {
    const refusal = loader.refusals.find((found) => found.module === module.name);
    if (!refusal) return [];
    const ours = pair.problems
      .filter(({ usedBy, kind }) => usedBy === module.name && kind !== 'duplicate')
      .map(({ symbol }) => symbol);
    return [
      ...nameOnlyTheirs(module, refusal, [...ours, ...listDuplicates(pair), ...missed]),
      ...nameOnlyOurs(module, refusal, ours),
    ];
  });
}

function listDuplicates({ problems }: Pair): readonly string[] {
  return problems.filter(({ kind }) => kind === 'duplicate').map(({ symbol }) => symbol);
}

function nameOnlyTheirs(
  { name, importsWithoutCrc }: ModuleFacts,
  { symbols }: Refusal,
  known: readonly string[],
): readonly Disagreement[] {
  return symbols
    .filter((symbol) => !known.includes(symbol))
    .map((symbol) => {
      const why = importsWithoutCrc.includes(symbol) ? 'no-modversions' : undefined;
      return explain('symbols of the loader', `only the loader names ${name} ${symbol}`, why);
    });
}

function nameOnlyOurs(
  { name }: ModuleFacts,
  { symbols, errno, isCut }: Refusal,
  ours: readonly string[],
): readonly Disagreement[] {
  if (isCut || errno === 'ENOEXEC') return [];
  return ours
    .filter((symbol) => !symbols.includes(symbol))
    .map((symbol) =>
      explain('symbols of the loader', `only rekmod names ${name} ${symbol}`, undefined),
    );
}

function checkCase({ expectedLoader, loader }: Pair): readonly Disagreement[] {
  if (expectedLoader === undefined || loader.kind === expectedLoader) return [];
  const detail = `the case was made so that the loader ${expectedLoader} it, but it ${loader.kind}`;
  return [explain('the case itself', detail, undefined)];
}

function sayVerdict({ verdict }: Pair): string {
  return 'why' in verdict ? `${verdict.kind} (${verdict.why})` : verdict.kind;
}

function explain(judge: Judge, detail: string, why: DisagreementClass | undefined): Disagreement {
  return { judge, detail, ...(why === undefined ? {} : { class: why }) };
}
