import type { CellOutcome } from '../model/cell.ts';
import type { FailureCause } from '../model/failure-cause.ts';
import type { LoadTestReport } from '../model/load-test.ts';
import type { RebuildStep } from '../model/rebuild-step.ts';
import type { HeadlineWords } from './headline-words.ts';
import { refusedSymbolWords } from './symbol-words.ts';

type Failed = Extract<CellOutcome, { kind: 'failed' }>;

/**
 * Says in everyday words what failed and what is to be done, e.g. `jool could not be compiled for kernel
 * 6.12.117, as expected: the kernel function strlcpy, which it uses, is gone; …`.
 */
export function headlineOfFailure(outcome: Failed, words: HeadlineWords): string {
  if (outcome.trouble) return headlineOfTrouble(outcome.trouble, words);
  if (outcome.step === 'build') return headlineOfBuild(outcome, words);
  const what =
    outcome.step === 'load'
      ? describeLoad(outcome.loadTest, words)
      : describeStep(outcome.step, words);
  return `${what}; fix what is named below, then ${words.again}.`;
}

/** The kmod is not to blame, so it is tried again without anybody. */
function headlineOfTrouble(
  trouble: NonNullable<Failed['trouble']>,
  { kmod, kernel }: HeadlineWords,
): string {
  const failed = `${kmod} could not be made for ${kernel}`;
  const again = 'rekmod tries it again by itself';
  switch (trouble) {
    case 'configuration':
      return `${failed}, because something must be seen to first (it is named below); see to that, and ${again}.`;
    case 'bug':
      return `${failed}, because of a mistake in rekmod itself (it is named below); ${again}, but please report it.`;
    case 'disk':
      return `${failed}, because a disk has no room (it is named below); make some, ${again}.`;
    case 'mirror':
      return `${failed}, because a server that this takes did not answer as it must (it is named below); ${again}, there is nothing to do.`;
    case 'engine':
      return `${failed}, because the container engine did not answer (it is named below); ${again}, there is nothing to do once it runs.`;
    case 'temporal':
    case 'machine':
      return `${failed}, because something on the machine did not work (it is named below); ${again}, there is nothing to do.`;
  }
}

/** What a shell or rpmbuild says of a program or package that is not there: no fault of the source. */
const LACKING = /: (?:command )?not found$|\bis needed by\b/u;

function headlineOfBuild({ why, cause, exitCode, reason }: Failed, words: HeadlineWords): string {
  const { kmod, kernel, again } = words;
  const failed = `${kmod} could not be compiled for ${kernel}`;
  const meanwhile = `keep that kernel away from machines that need ${kmod} until a newer or corrected ${kmod} source is there`;
  if (cause) return `${failed}${describeChange(cause, kmod)}; ${meanwhile}.`;
  if (LACKING.test(reason)) {
    return `${failed}, because a program or package that this takes is missing (it is named below); add it to the packages of the build target, then ${again}.`;
  }
  // Records of earlier versions do not say why.
  switch (why ?? (exitCode === undefined ? undefined : 'exit')) {
    case 'exit':
      return `${failed}, because its source does not fit that kernel or has a mistake (the first error stands below); ${meanwhile}.`;
    case 'timeout':
      return `${failed} within the time that it is given; if it needs more, raise limits.buildTimeout in the configuration, then ${again}.`;
    case 'out-of-memory':
      return `${failed} with the memory that it is given; raise limits.memory in the configuration, then ${again}.`;
    case 'scratch-full':
      return `${failed} with the room for files that it is given; raise limits.scratch in the configuration, then ${again}.`;
    case 'interrupted':
      return `${failed}, because something ended its build each time that it was tried; see whether the container engine is restarted again and again, then ${again}.`;
    case 'log-too-large':
      return `${failed}, because it wrote a log without end; correct its spec, then ${again}.`;
    case 'output-too-large':
      return `${failed}, because what came out is larger than allowed; raise limits.output in the configuration, then ${again}.`;
    case 'bad-output':
      return `${failed}, because something other than packages came out; correct its spec, then ${again}.`;
    default:
      return `${failed}; fix what is named below, then ${again}.`;
  }
}

function describeChange({ errors }: FailureCause, kmod: string): string {
  const [first] = errors;
  if (!first) return '';
  const expected = first.isForetold ? ', as expected' : '';
  return `${expected}: ${refusedSymbolWords(first.kind, first.symbol, kmod)}`;
}

function describeLoad(report: LoadTestReport | undefined, { kmod, kernel }: HeadlineWords): string {
  const compiled = `${kmod} was compiled for ${kernel} and is not published`;
  if (report?.kind !== 'tested') {
    return `${compiled}, because it could not be tried in that kernel, which the configuration requires`;
  }
  switch (report.end.kind) {
    case 'crashed':
      return `${compiled}, because that kernel crashed when it was tried in it`;
    case 'hung':
      return `${compiled}, because that kernel hung when it was tried in it`;
    case 'completed':
      return `${compiled}, because that kernel does not load it`;
  }
}

function describeStep(
  step: Exclude<RebuildStep, 'build' | 'load'>,
  { kmod, kernel }: HeadlineWords,
): string {
  switch (step) {
    case 'prepare':
      return `${kmod} was not compiled for ${kernel}, because that could not be prepared`;
    case 'verify':
      return `${kmod} was compiled for ${kernel}, but what came out did not pass the checks and is not published`;
    case 'sign':
      return `${kmod} was compiled for ${kernel}, but could not be signed and is not published`;
    case 'publish':
      return `${kmod} was compiled for ${kernel}, but could not be published`;
  }
}
