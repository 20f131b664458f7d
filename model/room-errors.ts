import { RekmodError, type TroubleKind } from './errors.ts';

/** A file system is full, or too full to begin. It is waited for: somebody or the upkeep makes room. */
export class NoRoomError extends RekmodError {
  readonly failureClass = 'transient';
  readonly path: string;

  /** @param action E.g. `build "jool"`. */
  constructor(action: string, path: string, detail: string, options?: ErrorOptions) {
    super(`Cannot ${action}: ${detail} at "${path}"`, options);
    this.path = path;
  }

  override get trouble(): TroubleKind {
    return 'disk';
  }
}
