import { RekmodError } from './errors.ts';

/** A command of a person that says not what it must. */
export class CommandRefusedError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(action: string, detail: string) {
    super(`Cannot ${action}: ${detail}`);
  }
}

/** A repository's publisher has not rolled back; what is served stays. */
export class RollbackEndedError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(repository: string, cause: Error) {
    const said = cause.cause instanceof Error ? cause.cause.message : cause.message;
    const isOwn = said.startsWith('Cannot ');
    super(isOwn ? said : `Cannot roll back "${repository}": ${said}`, { cause });
  }
}

/** A look in quarantine was not accepted, or what came after it is no better. */
export class AcceptanceEndedError extends RekmodError {
  readonly failureClass = 'outcome';
}

/** A gate does not do what it was asked for; its own sentence says why. */
export class GateRefusedError extends RekmodError {
  readonly failureClass = 'configuration';
}

/** `REKMOD_LOG` has a word that is neither a format nor a level. */
export class LogWordError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(word: string) {
    super(
      `Cannot read REKMOD_LOG: expected text, json, debug, info, warn or error, or a format and a level with a comma, found ${JSON.stringify(word)}`,
    );
  }
}

/** A configuration to begin with cannot be written. */
export class InitError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(subject: string, detail: string, options?: ErrorOptions) {
    super(`Cannot write a configuration for "${subject}": ${detail}`, options);
  }
}
