import type { BuildFailure } from '../../model/cell.ts';
import type { FailureClass } from '../../model/errors.ts';
import { isTransient } from '../transient-phrases.ts';

/** What a start of mock was for. */
export type MockAction = 'init' | 'chroot' | 'clean' | 'buildsrpm' | 'installdeps' | 'rebuild';

/** All that tells how a start of mock went. */
export interface MockEvidence {
  readonly action: MockAction;
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly killedBy: string | undefined;
  readonly isTimedOut: boolean;
  /** Text of `state.log`, or its end. */
  readonly stateLog: string;
  /** Lines of mock's own output and of `root.log`, or their end. */
  readonly lines: readonly string[];
}

/** Whether mock did what it was asked, the kmod could not be built, or neither can be said. */
export type MockVerdict =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly why: BuildFailure }
  | { readonly kind: 'trouble'; readonly failureClass: FailureClass; readonly found: string };

/** Exit codes whose meaning nothing else changes; observed, or of mock's own list. */
const CODES: Readonly<Record<number, readonly [FailureClass, string]>> = {
  2: ['configuration', 'it was started without its privileges'],
  3: ['configuration', 'its configuration is wrong'],
  5: ['configuration', 'its arguments are wrong'],
  6: ['configuration', 'the architecture is wrong'],
  7: ['transient', 'it was interrupted'],
  60: ['transient', 'the root is locked'],
  65: ['transient', 'the volume is locked'],
  70: ['configuration', 'the directory for results cannot be made'],
  80: ['configuration', 'it may not make a namespace'],
  90: ['transient', 'the bootstrap root cannot be made'],
  129: ['transient', 'it was ended by SIGHUP'],
  141: ['transient', 'it was ended by SIGPIPE'],
  143: ['transient', 'it was ended by SIGTERM'],
};

const TIMEOUT_CODE = 11;
const PACKAGE_CODE = 40;
/** rpmbuild was killed, as the kernel does for want of memory: -9 as a byte, and as a shell says it. */
const KILLED_CODES: readonly number[] = [247, 137];

/** dnf's words for what will be missing tomorrow as well. */
const FINAL = /No matching package|No match for argument|nothing provides|^\s*Problem(?: \d+)?:/;

/**
 * Judges how a start of mock went. Its exit code alone says little: 1 is a compiler's error as well as
 * a wrong option, and 0 was seen with another build's packages. So the steps in `state.log` decide
 * whether it was the kmod, and dnf's words in `root.log` whether it may pass.
 *
 * @see mock 6.7 mockbuild/exception.py
 */
export function judgeMockRun(evidence: MockEvidence): MockVerdict {
  const { exitCode, killedBy, stateLog } = evidence;
  const isBuilding = hasStartedBuild(evidence);
  if (evidence.isTimedOut) {
    return isBuilding ? failed('timeout') : trouble('transient', 'a time-out');
  }
  if (exitCode === undefined) return trouble('transient', `an end by ${killedBy ?? 'a signal'}`);
  if (exitCode === 0) {
    if (endsWithRun(stateLog)) return { kind: 'succeeded' };
    return trouble('transient', 'exit code 0, but no "Finish: run" at the end of state.log');
  }
  const known = CODES[exitCode];
  if (known !== undefined) return trouble(known[0], `exit code ${exitCode}: ${known[1]}`);
  return isBuilding ? judgeBuild(exitCode) : judgeSetup(evidence, exitCode);
}

/** rpmbuild was at work: what went wrong then is the kmod's. */
function judgeBuild(exitCode: number): MockVerdict {
  if (exitCode === TIMEOUT_CODE) return failed('timeout');
  if (KILLED_CODES.includes(exitCode)) return failed('out-of-memory');
  return failed(exitCode === PACKAGE_CODE ? 'bad-output' : 'exit');
}

/** The root was made, or `BuildRequires` were installed. */
function judgeSetup({ action, lines }: MockEvidence, exitCode: number): MockVerdict {
  const found = `exit code ${exitCode}`;
  if (exitCode === PACKAGE_CODE) {
    // What mock says of nspawn that cannot start; the source RPM is rekmod's own and is fine.
    return trouble('configuration', `${found}: nothing can be run in the root`);
  }
  if (lines.some(isTransient)) return trouble('transient', found);
  if (lines.some((line) => FINAL.test(line))) {
    const isForBuild = action === 'installdeps' || action === 'rebuild';
    return isForBuild ? failed('exit') : trouble('configuration', found);
  }
  return trouble(exitCode === 1 ? 'configuration' : 'transient', found);
}

/** Whether the spec's own commands were run; `Finish: rpmbuild` stands there after a failure too. */
function hasStartedBuild({ action, stateLog }: MockEvidence): boolean {
  if (action === 'buildsrpm') return /Start: rpmbuild -bs\s*$/m.test(stateLog);
  return action === 'rebuild' && /Start: rpmbuild \S/.test(stateLog);
}

function endsWithRun(stateLog: string): boolean {
  return /(?:^|\s)Finish: run\s*$/.test(stateLog);
}

function failed(why: BuildFailure): MockVerdict {
  return { kind: 'failed', why };
}

function trouble(failureClass: FailureClass, found: string): MockVerdict {
  return { kind: 'trouble', failureClass, found };
}
