import { RekmodError } from './errors.ts';

/** Modules cannot be tried as the configuration asks: too many, too large, or named otherwise. */
export class LoadTestError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(detail: string) {
    super(`Cannot test modules: ${detail}`);
  }
}
