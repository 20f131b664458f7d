import type { CellOutcome } from '../model/cell.ts';
import type { LoadTestReport } from '../model/load-test.ts';
import type { Blocked, Verdict } from '../model/verdict.ts';
import { cleanText } from './clean-text.ts';
import { describeCycle } from './describe-need.ts';
import { headlineOfDeferred } from './headline-deferred.ts';
import { headlineOfFailure } from './headline-failure.ts';
import type { HeadlineWords } from './headline-words.ts';
import { changedWords, lostWords, refusedWords } from './symbol-words.ts';

/** What a headline is made from. */
export interface HeadlineFacts {
  readonly kmod: string;
  /** `uname -r` of the kernel. */
  readonly release: string;
  readonly verdict?: Verdict | undefined;
  /** How the work ended, if it did. */
  readonly outcome?: CellOutcome | undefined;
  /** Why the kmod's source cannot be read, if so. */
  readonly fault?: string | undefined;
  /** The kernel has come to its end before: rekmod does nothing more for it unless it is told. */
  readonly isLate?: boolean;
}

/**
 * Says in one sentence of everyday words what happens to a kmod on a kernel and what the reader has to
 * do, e.g. `v4l2loopback goes on working on kernel 6.1.0-56-amd64 as it is; there is nothing to do.`
 *
 * An outcome that exists is what counts, else the verdict, else a source at fault.
 */
export function headlineOf(facts: HeadlineFacts): string {
  const { outcome, verdict, fault, isLate = false } = facts;
  const words = chooseWords(facts);
  const { kmod, kernel, again } = words;
  if (outcome) return headlineOfOutcome(outcome, verdict, words);
  if (fault !== undefined) {
    return `${kmod} cannot be compiled for ${kernel}, because its source cannot be used as it is; fix what is named below, then ${again}.`;
  }
  if (verdict) return headlineOfVerdict(verdict, words, isLate);
  return `${kmod} was not looked at for ${kernel} yet; "rekmod up" does that by itself.`;
}

function chooseWords({ kmod, release }: HeadlineFacts): HeadlineWords {
  const [name, kernel] = [cleanText(kmod, 64), cleanText(release, 64)];
  const again = `run "rekmod rebuild ${name} --kernel ${kernel}"`;
  return { kmod: name, kernel: `kernel ${kernel}`, again };
}

function headlineOfOutcome(
  outcome: CellOutcome,
  verdict: Verdict | undefined,
  words: HeadlineWords,
): string {
  const { kmod, kernel, again } = words;
  switch (outcome.kind) {
    case 'published':
      return `${describeBuilt(outcome, verdict, words)}${describeTrial(outcome.build.loadTest, words)}.`;
    case 'kept':
      return verdict?.kind === 'keep'
        ? headlineOfVerdict(verdict, words, false)
        : `${kmod} goes on working on ${kernel} as it is; there is nothing to do.`;
    case 'excluded':
      return verdict?.kind === 'excluded'
        ? headlineOfVerdict(verdict, words, false)
        : `${kmod} is not compiled for ${kernel}, because its configuration leaves that kernel out; there is nothing to do.`;
    case 'blocked':
      return headlineOfBlocked(outcome, words);
    case 'failed':
      return headlineOfFailure(outcome, words);
    case 'deferred':
      return headlineOfDeferred(outcome.deferral, words);
    case 'cancelled':
      return `${kmod} was not compiled for ${kernel}, because somebody stopped the work; ${again} to have it done.`;
    default:
      return unreachable(outcome);
  }
}

function describeBuilt(
  { isUnchanged }: Extract<CellOutcome, { kind: 'published' }>,
  verdict: Verdict | undefined,
  { kmod, kernel }: HeadlineWords,
): string {
  if (isUnchanged) {
    return `${kmod} has been compiled for ${kernel} again, which gave exactly what is published already, so that stays as it is`;
  }
  if (verdict?.kind === 'broken') {
    return `${kmod} was expected not to compile for ${kernel}, but it did compile and is published`;
  }
  if (verdict?.kind === 'rebuild' && verdict.why === 'crc-changed') {
    const changed = changedWords(verdict.problems, 'had changed');
    return `${kmod} has been compiled anew for ${kernel}, because ${changed}, and is published`;
  }
  return `${kmod} has been compiled for ${kernel} and is published`;
}

/** What became of the modules when the real kernel was made to load them, if it was. */
function describeTrial(report: LoadTestReport | undefined, { kmod }: HeadlineWords): string {
  if (report?.kind !== 'tested') return '; there is nothing to do';
  if (report.isGood) return ', and loaded when that kernel was tried; there is nothing to do';
  return `, but something went wrong when that kernel was made to load it; keep that kernel away from machines that need ${kmod} until what is named below is cleared up`;
}

function headlineOfVerdict(verdict: Verdict, words: HeadlineWords, isLate: boolean): string {
  const { kmod, kernel, again } = words;
  switch (verdict.kind) {
    case 'keep':
      return verdict.why === 'compatible'
        ? `${kmod} goes on working on ${kernel} as it is; there is nothing to do.`
        : `${kmod} works on ${kernel}, for which it was compiled; there is nothing to do.`;
    case 'rebuild': {
      const anew = verdict.why === 'never-built' ? '' : ' anew';
      const todo = isLate ? `${again} to have it done` : 'rekmod does that by itself';
      return `${kmod} must be compiled${anew} for ${kernel}, because ${describeReason(verdict)}; ${todo}.`;
    }
    case 'broken': {
      const reason =
        verdict.why === 'symbols-lost'
          ? lostWords(verdict.problems)
          : refusedWords(verdict.problems, kmod);
      const todo = isLate ? `${again} to have it tried` : 'rekmod tries it all the same';
      return `${kmod} is expected not to compile for ${kernel}: ${reason}; ${todo}, but keep that kernel away from machines that need ${kmod} until it has succeeded or a newer ${kmod} source is there.`;
    }
    case 'excluded':
      return headlineOfExcluded(verdict, words);
    case 'blocked':
      return headlineOfBlocked(verdict, words);
    default:
      return unreachable(verdict);
  }
}

function headlineOfExcluded(
  { why, limit }: Extract<Verdict, { kind: 'excluded' }>,
  { kmod, kernel }: HeadlineWords,
): string {
  if (why === 'frozen') {
    const signed = cleanText(limit, 160);
    return `${kmod} is not compiled for ${kernel}, because it is frozen (${signed}); thaw it with "rekmod thaw ${kmod}" when that is over.`;
  }
  if (why === 'source-excludes') {
    const condition = cleanText(limit, 160);
    return `${kmod} is not compiled for ${kernel}, because its own source is not for that kernel (${condition}); there is nothing to do, unless a newer source is.`;
  }
  const bound = cleanText(limit, 64);
  const [range, key] =
    why === 'kernel-too-new'
      ? [`kernels up to ${bound}`, 'maxKernel']
      : [`kernels from ${bound} on`, 'minKernel'];
  return `${kmod} is not compiled for ${kernel}, because its configuration limits it to ${range}; there is nothing to do, unless that limit (${key}) is out of date.`;
}

function headlineOfBlocked({ by, cycle }: Blocked, { kmod, kernel, again }: HeadlineWords): string {
  if (cycle) {
    return `${kmod} cannot be compiled for ${kernel}, because it would have to be there before itself (${describeCycle(cycle)}); correct what one of these requires, or its "needs" in the configuration, then ${again}.`;
  }
  const other = cleanText(by, 64);
  return `${kmod} was not compiled for ${kernel}, because it needs ${other}, which could not be compiled for it; see to ${other} first, then ${again}.`;
}

function describeReason(verdict: Extract<Verdict, { kind: 'rebuild' }>): string {
  switch (verdict.why) {
    case 'never-built':
      return 'that has not been done yet';
    case 'forced':
      return 'somebody asked for it';
    case 'source-changed':
      return 'its source has changed since it was compiled last';
    case 'builder-changed':
      return 'the environment in which it is compiled has changed';
    case 'crc-changed':
      return changedWords(verdict.problems, 'have changed');
    case 'no-modversions':
      return 'nothing in the existing one shows whether it fits';
    case 'vermagic-changed':
      return 'the kernel is configured otherwise now, and would refuse the existing one';
    case 'provider-rebuilt':
      return `${cleanText(verdict.provider, 64)}, on which it builds, is compiled anew`;
    default:
      return unreachable(verdict);
  }
}

function unreachable(value: never): never {
  throw new Error(`BUG: unknown kind ${JSON.stringify(value)}`);
}
