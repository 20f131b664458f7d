import { type FailureClass, RekmodError, type TroubleKind } from './errors.ts';

/** A mirror or server cannot be reached, or answers that it cannot serve now. */
export class StreamUnreachableError extends RekmodError {
  readonly failureClass = 'transient';
  readonly url: string;

  constructor(url: string, detail: string, options?: ErrorOptions) {
    super(`Cannot fetch "${url}": ${detail}`, options);
    this.url = url;
  }

  override get trouble(): TroubleKind {
    return 'mirror';
  }
}

/**
 * What was fetched is not what its metadata promises. A mirror in the middle of a sync looks like
 * this as well as a tampered one, so it is tried again and never used.
 */
export class ContentMismatchError extends RekmodError {
  readonly failureClass = 'transient';
  readonly url: string;

  constructor(url: string, detail: string, options?: ErrorOptions) {
    super(`Cannot trust "${url}": ${detail}`, options);
    this.url = url;
  }

  override get trouble(): TroubleKind {
    return 'mirror';
  }
}

/** A mirror has older metadata than what was accepted from another one, or earlier. */
export class MirrorLagsError extends RekmodError {
  readonly failureClass = 'transient';
  readonly url: string;

  constructor(url: string, detail: string) {
    super(`Cannot go on with "${url}": ${detail}`);
    this.url = url;
  }

  override get trouble(): TroubleKind {
    return 'mirror';
  }
}

/** A look lost so much that it is not believed; it stands in quarantine until it heals or a person accepts it. */
export class LookQuarantinedError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly stream: string;

  constructor(stream: string, detail: string) {
    super(`Cannot believe the look at "${stream}": ${detail}`);
    this.stream = stream;
  }
}

/** A signature that the configuration asks for is missing or wrong. */
export class SignatureRefusedError extends RekmodError {
  readonly failureClass = 'transient';
  readonly url: string;

  constructor(url: string, detail: string, options?: ErrorOptions) {
    super(`Cannot accept "${url}": ${detail}`, options);
    this.url = url;
  }

  override get trouble(): TroubleKind {
    return 'mirror';
  }
}

/** What a stream offers does not have the form it must have, and a second look will not change that. */
export class ContentInvalidError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(thing: string, detail: string, options?: ErrorOptions) {
    super(`Cannot use "${thing}": ${detail}`, options);
  }
}

/** A program ended with an error or could not be started. */
export class ProgramFailedError extends RekmodError {
  readonly failureClass: FailureClass;
  readonly argv: readonly string[];
  readonly exitCode: number | null;
  readonly stderrTail: string;

  constructor(
    argv: readonly string[],
    end: {
      readonly exitCode: number | null;
      readonly stderrTail: string;
      readonly detail?: string;
    },
    options?: ErrorOptions,
  ) {
    const found = end.detail ?? `expected exit code 0, found ${end.exitCode ?? 'a signal'}`;
    const tail = end.stderrTail.trim();
    super(`Cannot run "${argv.join(' ')}": ${found}${tail === '' ? '' : `\n${tail}`}`, options);
    this.failureClass = end.exitCode === null ? 'configuration' : 'transient';
    this.argv = argv;
    this.exitCode = end.exitCode;
    this.stderrTail = end.stderrTail;
  }
}

/** A kmod, stream, kernel or record that something names does not exist. */
export class NotFoundError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(action: string, thing: string, detail: string) {
    super(`Cannot ${action} "${thing}": ${detail}`);
  }
}

/** A file of the data directory does not hold what rekmod wrote there. */
export class StateDamagedError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly path: string;

  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read state "${path}": ${detail}`, options);
    this.path = path;
  }
}

/** An attempt whose worker slept has not ended yet; the one that replaces it would be a second writer. */
export class AttemptOverlapError extends RekmodError {
  readonly failureClass = 'transient';

  constructor(activity: string, attempt: number, earlier: number) {
    super(
      `Cannot begin attempt ${attempt} at "${activity}": expected attempt ${earlier} to have ended, found it still running`,
    );
  }
}
