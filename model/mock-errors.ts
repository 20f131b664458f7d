import { type FailureClass, RekmodError } from './errors.ts';

/** Thrown when mock is missing, or does not work for this user on this machine. */
export class MockUnusableError extends RekmodError {
  readonly failureClass = 'configuration';
  /** What is wrong, e.g. `"mock" is not on PATH`. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(problem: string, remedy: string) {
    super(`Cannot build with mock: ${problem}; ${remedy}`);
    this.problem = problem;
    this.remedy = remedy;
  }
}

/** What is known when mock or its machine failed, and not the build. */
export interface MockTrouble {
  readonly failureClass: FailureClass;
  /** What rekmod asked of mock, e.g. `--init`. */
  readonly action: string;
  /** E.g. `exit code 60: the root is locked`. */
  readonly found: string;
  readonly exitCode?: number;
  /** The end of the log, oldest first. */
  readonly lastLines: readonly string[];
}

/** Thrown when mock ended for a reason that says nothing about the kmod that was to be built. */
export class MockTroubleError extends RekmodError {
  readonly failureClass: FailureClass;
  readonly action: string;
  readonly found: string;
  readonly exitCode: number | undefined;
  readonly lastLines: readonly string[];

  constructor(trouble: MockTrouble) {
    const { failureClass, action, found, exitCode, lastLines } = trouble;
    const tail = lastLines.length === 0 ? '' : `: ${lastLines.join(' | ')}`;
    super(`Cannot run "mock ${action}": expected its end by success, found ${found}${tail}`);
    this.failureClass = failureClass;
    this.action = action;
    this.found = found;
    this.exitCode = exitCode;
    this.lastLines = lastLines;
  }
}

/** Thrown when mock has no configuration of the name that a target gives. */
export class MockRootMissingError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly root: string;
  readonly target: string;

  constructor(root: string, target: string, file: string, options?: { readonly cause: Error }) {
    super(
      `Cannot use the mock root "${root}" of the target "${target}": expected "${file}", found ` +
        'none; "mock --list-chroots" says which there are',
      options,
    );
    this.root = root;
    this.target = target;
  }
}
