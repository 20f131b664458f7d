import { RekmodError } from '../model/errors.ts';

/** What the exit code of a command tells. */
export const EXIT = {
  ok: 0,
  /** Some modules failed, or a check found something. */
  failed: 1,
  usage: 2,
  configuration: 3,
  /** Temporal, the container engine or a mirror cannot be reached. */
  unreachable: 4,
} as const;

/** The same for people, in the help and the manual. */
export const EXIT_CODES = `Exit codes: ${[
  `${EXIT.ok} done`,
  `${EXIT.failed} some failed, or a check found something`,
  `${EXIT.usage} usage`,
  `${EXIT.configuration} configuration`,
  `${EXIT.unreachable} something cannot be reached`,
].join(', ')}`;

/** The exit code that an error of rekmod's own stands for; undefined for a bug. */
export function exitCodeOf(error: unknown): number | undefined {
  if (!(error instanceof RekmodError)) return undefined;
  switch (error.failureClass) {
    case 'configuration':
      return EXIT.configuration;
    case 'transient':
      return EXIT.unreachable;
    case 'outcome':
      return EXIT.failed;
  }
}
