import { type FailureClass, RekmodError, type TroubleKind } from './errors.ts';

/** One address where a container engine was looked for in vain. */
export interface EngineAttempt {
  /** E.g. `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** E.g. `no such socket`. */
  readonly problem: string;
}

/** Thrown when no container engine answers. */
export class EngineMissingError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly attempts: readonly EngineAttempt[];

  constructor(attempts: readonly EngineAttempt[]) {
    const tried = attempts.map(({ address, problem }) => `${address} (${problem})`).join(', ');
    super(
      `Cannot find a container engine: tried ${tried}; run "make setup", ` +
        'or start Docker or the socket of Podman',
    );
    this.attempts = attempts;
  }
}

/** Thrown when the container engine does not answer, or went away in the middle. */
export class EngineUnavailableError extends RekmodError {
  readonly failureClass = 'transient';
  readonly address: string;

  constructor(action: string, address: string, options: { readonly cause: Error }) {
    super(
      `Cannot ${action}: expected an answer of the container engine at "${address}", ` +
        `found ${options.cause.message}`,
      options,
    );
    this.address = address;
  }

  override get trouble(): TroubleKind {
    return 'engine';
  }
}

/** Thrown when the container engine answers no. */
export class EngineRefusedError extends RekmodError {
  readonly failureClass: FailureClass;
  /** HTTP status of the engine's answer. */
  readonly statusCode: number;

  constructor(action: string, statusCode: number, options: { readonly cause: Error }) {
    super(`Cannot ${action}: the container engine says ${options.cause.message.trim()}`, options);
    this.statusCode = statusCode;
    // 404 and 409: somebody else removed or changed what this is about.
    const isRequestWrong = statusCode < 500 && statusCode !== 404 && statusCode !== 409;
    this.failureClass = isRequestWrong ? 'configuration' : 'transient';
  }

  override get trouble(): TroubleKind {
    return 'engine';
  }
}

/** Thrown when an image that the configuration names is not on this machine, nor to be pulled. */
export class ImageMissingError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly image: string;
  readonly target: string;

  /** @param options `cause`: what the registry says, when it was asked. */
  constructor(
    image: string,
    target: string,
    pullCommand: string,
    options?: { readonly cause: Error },
  ) {
    const answer = options === undefined ? '' : ` (its registry says: ${options.cause.message})`;
    super(
      `Cannot use the image "${image}" of the target "${target}": expected it in the container ` +
        `engine, found none${answer}; run "${pullCommand}"`,
      options,
    );
    this.image = image;
    this.target = target;
  }
}

/** Thrown when an image's registry gives no answer that would count: no network, overload. */
export class RegistryUnreachableError extends RekmodError {
  readonly failureClass = 'transient';
  readonly image: string;

  constructor(image: string, found: string) {
    super(`Cannot pull the image "${image}": expected an answer of its registry, found ${found}`);
    this.image = image;
  }

  override get trouble(): TroubleKind {
    return 'mirror';
  }
}

/** Thrown when a buildroot was removed between its preparation and a build; prepare it again. */
export class BuildrootMissingError extends RekmodError {
  readonly failureClass = 'transient';
  readonly buildrootId: string;

  constructor(buildrootId: string) {
    super(`Cannot use the buildroot "${buildrootId}": expected it on this machine, found none`);
    this.buildrootId = buildrootId;
  }

  override get trouble(): TroubleKind {
    return 'engine';
  }
}

/** Thrown when a build's user could not read what the build is to be given. */
export class InputUnreadableError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly path: string;

  constructor(path: string, found: string) {
    super(
      `Cannot give "${path}" to a build: expected it to be readable by everyone, found ${found}`,
    );
    this.path = path;
  }
}

/** Thrown when a key that a target names for its repositories cannot be read. */
export class TargetKeyUnreadableError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly path: string;
  readonly target: string;

  constructor(path: string, target: string, options: ErrorOptions) {
    const { cause } = options;
    const found = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot read the key "${path}" of target "${target}": expected a file, found ${found}`,
      options,
    );
    this.path = path;
    this.target = target;
  }
}

/** What is known about a preparation that failed. */
export interface PrepareFailure {
  readonly failureClass: FailureClass;
  readonly target: string;
  /** Kernel release. */
  readonly release: string;
  /** E.g. `exit code 1`, `a time-out after 600 s`. */
  readonly found: string;
  readonly exitCode: number;
  /** The end of the log, oldest first. */
  readonly lastLines: readonly string[];
}

/** Thrown when dnf could not make a buildroot. */
export class PrepareFailedError extends RekmodError {
  readonly failureClass: FailureClass;
  readonly target: string;
  readonly release: string;
  readonly exitCode: number;
  readonly lastLines: readonly string[];

  constructor(failure: PrepareFailure) {
    super(
      `Cannot prepare a buildroot of "${failure.target}" for "${failure.release}": expected ` +
        `dnf to install everything, found ${failure.found}: ${failure.lastLines.join(' | ')}`,
    );
    this.failureClass = failure.failureClass;
    this.target = failure.target;
    this.release = failure.release;
    this.exitCode = failure.exitCode;
    this.lastLines = failure.lastLines;
  }

  override get trouble(): TroubleKind {
    return 'mirror';
  }
}

/** Thrown when a container was ended by a signal that rekmod did not send, e.g. because its engine was stopped. */
export class ContainerInterruptedError extends RekmodError {
  readonly failureClass = 'transient';
  readonly exitCode: number;

  constructor(work: string, exitCode: number) {
    super(
      `Cannot ${work}: expected its container to end by itself, ` +
        `found it ended by a signal from outside (exit code ${exitCode})`,
    );
    this.exitCode = exitCode;
  }

  override get trouble(): TroubleKind {
    return 'engine';
  }
}

/** Packages of a rollout could not be installed into a buildroot. */
export class StagingFailedError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly lastLines: readonly string[];

  constructor(exitCode: number, lastLines: readonly string[]) {
    const found = `exit code ${exitCode}: ${lastLines.at(-1) ?? 'no output'}`;
    super(`Cannot install "packages of this rollout": expected rpm to succeed, found ${found}`);
    this.lastLines = lastLines;
  }
}
