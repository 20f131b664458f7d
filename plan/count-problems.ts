import { compareProblems, type ResolveInput, visitProblems } from '../kabi/resolve.ts';
import type { SymbolProblem } from '../model/kabi.ts';
import { type ProblemList, SHOWN_PROBLEM_LIMIT } from '../model/verdict.ts';

/** Counts problems and keeps the few that are shown. */
export interface ProblemCounter {
  add(problem: SymbolProblem): void;
  list(): ProblemList;
}

/** Of each class so many are shown at least: a verdict's own reason must be among what it shows. */
const SHARE = 3;
const SHOWN_MODULE_LIMIT = 4;

/**
 * Shortens problems to what travels in a verdict: each symbol counted once however many modules of the
 * kmod use it, the gravest few shown, see {@link compareProblems}. Keeps no more than it shows.
 */
export function countProblems(): ProblemCounter {
  const lost = openClass();
  const crc = openClass();
  const refused = openClass();
  return {
    add(problem) {
      const { kind } = problem;
      if (kind === 'lost') lost.add(problem.symbol, problem);
      else if (kind === 'crc') crc.add(problem.symbol, problem);
      else refused.add(`${kind} ${problem.symbol}`, problem);
    },
    list: () => ({
      lostCount: lost.keys.size,
      refusedCount: refused.keys.size,
      crcCount: crc.keys.size,
      shown: takeShares([lost.first, crc.first, refused.first]),
    }),
  };
}

/** Shortens problems that were found already; see {@link countProblems}. */
export function listProblems(problems: Iterable<SymbolProblem>): ProblemList {
  const counter = countProblems();
  for (const problem of problems) counter.add(problem);
  return counter.list();
}

/**
 * Finds and shortens problems, without ever holding all of them; see {@link countProblems}.
 *
 * @param matters Tells which ones count. @default {all}
 */
export function listProblemsOf(
  input: ResolveInput,
  matters: (problem: SymbolProblem) => boolean = () => true,
): ProblemList {
  const counter = countProblems();
  visitProblems(input, (problem) => {
    if (matters(problem)) counter.add(problem);
    return undefined;
  });
  return counter.list();
}

/** Problems of one class: the keys of all, and the first of them in order. */
function openClass() {
  const keys = new Set<string>();
  const first: SymbolProblem[] = [];
  const add = (key: string, problem: SymbolProblem): void => {
    if (keys.has(key)) {
      addModule(first, problem);
    } else {
      keys.add(key);
      insert(first, problem);
    }
  };
  return { keys, first, add };
}

/** Puts a problem in its place among the first ones, if it has one there. */
function insert(first: SymbolProblem[], problem: SymbolProblem): void {
  const last = first[SHOWN_PROBLEM_LIMIT - 1];
  if (last && compareProblems(last, problem) <= 0) return;
  const at = first.findIndex((other) => compareProblems(other, problem) > 0);
  first.splice(at === -1 ? first.length : at, 0, problem);
  if (first.length > SHOWN_PROBLEM_LIMIT) first.pop();
}

/** Notes that a further module has a problem that is known of another one. */
function addModule(first: SymbolProblem[], { kind, symbol, usedBy }: SymbolProblem): void {
  const at = first.findIndex((other) => other.symbol === symbol && other.kind === kind);
  const known = first[at];
  const alsoUsedBy = known?.alsoUsedBy ?? [];
  if (!known || known.usedBy === usedBy || alsoUsedBy.length === SHOWN_MODULE_LIMIT) return;
  first[at] = { ...known, alsoUsedBy: [...alsoUsedBy, usedBy] };
}

function takeShares(classes: readonly (readonly SymbolProblem[])[]): readonly SymbolProblem[] {
  const shares = classes.map(({ length }) => Math.min(length, SHARE));
  let room = SHOWN_PROBLEM_LIMIT - shares.reduce((sum, share) => sum + share, 0);
  return classes.flatMap((members, index) => {
    const share = shares[index] ?? 0;
    const more = Math.min(members.length - share, room);
    room -= more;
    return members.slice(0, share + more);
  });
}
