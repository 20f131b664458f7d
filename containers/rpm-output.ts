/** Thrown when what a build writes is not what it must be; the build fails by it. */
export class OutputRefusedError extends Error {
  readonly why: 'bad-output' | 'output-too-large' | 'log-too-large';

  constructor(why: OutputRefusedError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** What the log says of a refusal. */
export function describeRefusal({ why, message }: OutputRefusedError): string {
  const subject =
    why === 'log-too-large' ? 'the build was stopped for its log' : "the build's output is refused";
  return `${subject}: ${message}`;
}

/** More packages than any spec makes. */
export const FILE_COUNT_LIMIT = 64;

const FILE_NAME = /^[A-Za-z0-9_+~^][A-Za-z0-9._+~^-]*\.rpm$/;
const LONGEST_NAME = 255;

/** @throws {OutputRefusedError} If a name is no plain name of an RPM. */
export function checkRpmName(name: string): void {
  if (!FILE_NAME.test(name) || name.length > LONGEST_NAME) {
    throw badOutput(`${showName(name)} is no plain name of an RPM`);
  }
}

/** Writes a name that nobody vouches for so that it can stand in a log. */
export function showName(name: string): string {
  return JSON.stringify(name.slice(0, LONGEST_NAME));
}

/** That the output is not what it must be. */
export function badOutput(message: string): OutputRefusedError {
  return new OutputRefusedError('bad-output', message);
}

/** That the output exceeds its limit. */
export function tooLarge(limitBytes: number): OutputRefusedError {
  return new OutputRefusedError('output-too-large', `more than ${limitBytes} bytes`);
}
