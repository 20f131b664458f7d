import type { CellOutcome } from '../model/cell.ts';
import type { SymbolProblem } from '../model/kabi.ts';
import type { RebuildStep } from '../model/rebuild-step.ts';
import type { Blocked, ProblemList, Verdict } from '../model/verdict.ts';
import { cleanText } from './clean-text.ts';
import { describeCause } from './describe-cause.ts';
import { describeDeferral } from './describe-deferral.ts';
import { describeLoadTest } from './describe-load-test.ts';
import { describeCycle } from './describe-need.ts';
import { formatCount, formatCrc, formatNumber, formatSeconds } from './format-values.ts';

type Rebuild = Extract<Verdict, { kind: 'rebuild' }>;

/** C++ and Rust symbols reach hundreds of characters. */
const MAX_NAME_LENGTH = 64;
/** A condition is a regular expression at worst. */
const MAX_CONDITION_LENGTH = 160;

/**
 * Says in one sentence what must happen to a cell and why, naming the first symbols, e.g.
 * ``rebuild: 41 imported symbols changed their CRC since 6.1.0-53-amd64, first
 * `usb_register_driver` (0x0b1c2d3e → 0x11223344, vmlinux)``.
 */
export function describeVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'keep':
      return `keep: ${describeKeep(verdict)}`;
    case 'rebuild':
      return `rebuild: ${describeRebuild(verdict)}`;
    case 'broken':
      return `broken: ${describeBreak(verdict)}, a build is tried but expected to fail`;
    case 'excluded':
      return `excluded: ${describeExclusion(verdict)}`;
    case 'blocked':
      return `blocked: ${describeBlocked(verdict)}`;
    default:
      return unreachable(verdict);
  }
}

function describeBlocked({ by, cycle }: Blocked): string {
  return cycle === undefined
    ? `it needs ${name(by)}, which could not be built`
    : `it needs itself (${describeCycle(cycle)}), so that no order of builds is possible`;
}

function describeExclusion({ why, limit }: Extract<Verdict, { kind: 'excluded' }>): string {
  switch (why) {
    case 'kernel-too-old':
      return `the kernel is older than ${name(limit)}, the oldest that this kmod is built for`;
    case 'kernel-too-new':
      return `the kernel is newer than ${name(limit)}, the newest that this kmod is built for`;
    case 'source-excludes':
      return `its source is not for this kernel (${cleanText(limit, MAX_CONDITION_LENGTH)})`;
    case 'frozen':
      return `the kmod is frozen ${cleanText(limit, MAX_CONDITION_LENGTH)}`;
    default:
      return unreachable(why);
  }
}

function describeKeep(verdict: Extract<Verdict, { kind: 'keep' }>): string {
  if (verdict.why === 'built-for-this-kernel')
    return 'built for this kernel, nothing changed since';
  const { importCount } = verdict;
  const imports =
    importCount === 1
      ? 'its only import resolves'
      : `all ${formatNumber(importCount)} imports resolve`;
  const donor = name(verdict.donor);
  return `${imports} with the same CRC as in the build for ${donor}; the modules load as they are`;
}

function describeRebuild(verdict: Rebuild): string {
  switch (verdict.why) {
    case 'never-built':
      return 'never built before';
    case 'forced':
      return 'asked for by hand';
    case 'source-changed':
      return `spec or sources changed since the build for ${name(verdict.donor)}`;
    case 'builder-changed':
      return `the builder changed since the build for ${name(verdict.donor)}`;
    case 'crc-changed':
      return describeChanged(verdict.problems, name(verdict.donor));
    case 'no-modversions':
      return `the build for ${name(verdict.donor)} carries no CRCs, so nothing shows that it fits`;
    case 'vermagic-changed':
      return `the kernel is configured otherwise: vermagic "${name(verdict.expected)}", of the build for ${name(verdict.donor)} "${name(verdict.found)}"`;
    case 'provider-rebuilt':
      return `${name(verdict.provider)}, which it needs, is rebuilt`;
    default:
      return unreachable(verdict);
  }
}

function describeChanged({ crcCount, shown }: ProblemList, donor: string): string {
  const changed = `${formatCount(crcCount, 'imported symbol')} changed ${crcCount === 1 ? 'its' : 'their'} CRC`;
  const first = shown.find(({ kind }) => kind === 'crc');
  if (first === undefined) return `${changed} since ${donor}`;
  const joint = crcCount === 1 ? ':' : ', first';
  return `${changed} since ${donor}${joint} ${describeProblem(first)}`;
}

function describeBreak({ why, problems }: Extract<Verdict, { kind: 'broken' }>): string {
  if (why === 'symbols-lost') return describeLost(problems);
  const first = problems.shown.find(({ kind }) => kind !== 'lost' && kind !== 'crc');
  const refused = `${formatCount(problems.refusedCount, 'imported symbol')} would be refused`;
  return first === undefined ? refused : `${refused}, first ${describeProblem(first)}`;
}

function describeLost({ lostCount, shown }: ProblemList): string {
  const lost = shown.filter(({ kind }) => kind === 'lost');
  const [first, second] = lost;
  if (first === undefined) return `${formatCount(lostCount, 'imported symbol')} are gone`;
  if (lostCount === 1) return `\`${name(first.symbol)}\` is gone (used by ${name(first.usedBy)})`;
  const also = second === undefined ? '' : ` and \`${name(second.symbol)}\``;
  const firsts = `first \`${name(first.symbol)}\`${also} (used by ${name(first.usedBy)})`;
  return `${formatCount(lostCount, 'imported symbol')} are gone, ${firsts}`;
}

/** One problem, e.g. `` `printk` (0x0b1c2d3e → 0x11223344, vmlinux) `` or `` `strlcpy` is gone ``. */
export function describeProblem(problem: SymbolProblem): string {
  const symbol = `\`${name(problem.symbol)}\``;
  if (problem.foundCrc === undefined) return `${symbol} is gone (used by ${name(problem.usedBy)})`;
  if (problem.kind === 'gpl-only')
    return `${symbol} is GPL-only now, which ${name(problem.usedBy)} is not`;
  if (problem.kind === 'namespace') {
    return `${symbol} moved to a namespace that ${name(problem.usedBy)} does not import`;
  }
  if (problem.kind === 'duplicate') {
    return `${symbol} is the kernel's own now, and ${name(problem.usedBy)} exports it as well`;
  }
  const crcs = `${formatCrc(problem.wantedCrc)} → ${formatCrc(problem.foundCrc)}`;
  return `${symbol} (${crcs}${problem.provider === undefined ? '' : `, ${name(problem.provider)}`})`;
}

const STEP_WORDS: Readonly<Record<RebuildStep, string>> = {
  prepare: 'preparing the buildroot',
  build: 'building',
  verify: 'verifying the modules',
  load: 'loading the modules in the real kernel',
  sign: 'signing',
  publish: 'publishing',
};

/**
 * Says in one sentence how the work on a cell ended, e.g.
 * `failed while building after 12 s: jool.c:42: error: implicit declaration of ‘strlcpy’ (exit 2)`, and
 * what the kernel changed that the error names.
 */
export function describeOutcome(outcome: CellOutcome): string {
  switch (outcome.kind) {
    case 'published': {
      const { packages, repository, snapshot, build, isUnchanged } = outcome;
      const what = formatCount(packages.length, 'package');
      const time = formatSeconds(build.durationMs / 1000);
      if (isUnchanged) {
        return `built in ${time}, identical to what is published: ${what} in ${cleanText(repository)} since snapshot ${cleanText(snapshot)}`;
      }
      const tested = build.loadTest === undefined ? '' : `; ${describeLoadTest(build.loadTest)}`;
      return `built in ${time}: ${what} in ${cleanText(repository)}, snapshot ${cleanText(snapshot)}${tested}`;
    }
    case 'kept':
      return 'kept: the published modules are used as they are';
    case 'excluded':
      return 'excluded: out of the range of kernels that this kmod is built for';
    case 'blocked':
      return `blocked: ${describeBlocked(outcome)}`;
    case 'failed': {
      const time = formatSeconds(outcome.durationMs / 1000);
      const exit = outcome.exitCode === undefined ? '' : ` (exit ${outcome.exitCode})`;
      const reason = cleanText(outcome.reason) || 'no reason given';
      const cause = outcome.cause === undefined ? '' : `; ${describeCause(outcome.cause)}`;
      return `failed while ${STEP_WORDS[outcome.step]} after ${time}: ${reason}${exit}${cause}`;
    }
    case 'deferred':
      return describeDeferral(outcome.deferral);
    case 'cancelled':
      return 'cancelled by hand';
    default:
      return unreachable(outcome);
  }
}

function name(text: string): string {
  return cleanText(text, MAX_NAME_LENGTH);
}

function unreachable(value: never): never {
  throw new Error(`BUG: unknown kind ${JSON.stringify(value)}`);
}
