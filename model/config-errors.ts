import { RekmodError } from './errors.ts';

/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  /** The file as it was given, e.g. `/etc/rekmod/rekmod.yaml`. */
  readonly file: string;
  /** From 1; absent when the file as a whole is the problem. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** One sentence without a period, e.g. `unknown key "kmod": did you mean "kmods"?`. */
  readonly sentence: string;
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const lines = problems.map(formatProblem).join('\n');
    super(`Cannot load "${file}": found ${count}\n${lines}`, options);
    this.problems = problems;
  }
}

/** No configuration file at any of the places where one is looked for. */
export class ConfigNotFoundError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly tried: readonly string[];

  constructor(tried: readonly string[]) {
    super(`Cannot find a configuration file: expected one of ${tried.join(', ')}, found none`);
    this.tried = tried;
  }
}

/** Writes a problem as compilers do, e.g. `/etc/rekmod.yaml:12:3: unknown key "kmod"`. */
export function formatProblem(problem: ConfigProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined);
  return `${place.join(':')}: ${problem.sentence}`;
}
