import type { BuildResult } from '../containers/backend.ts';
import type { CellKey } from '../model/cell.ts';
import { ContainerInterruptedError } from '../model/engine-errors.ts';

/** So many attempts at a build may be ended from outside; engines are not stopped more often within minutes. */
const INTERRUPTED_ATTEMPTS = 4;

/**
 * An engine that is stopped ends its builds by signals, which is no fault of theirs. A build that sends them to itself ends
 * so each time: after some attempts that is the result.
 *
 * @param attempt The first one is 1.
 * @throws {ContainerInterruptedError} If the build should be tried again.
 */
export function requireOwnEnd(
  { kmod, release }: Pick<CellKey, 'kmod' | 'release'>,
  { why, exitCode = 0 }: Extract<BuildResult, { readonly kind: 'failed' }>,
  attempt: number,
): void {
  if (why !== 'interrupted' || attempt >= INTERRUPTED_ATTEMPTS) return;
  throw new ContainerInterruptedError(`build "${kmod}" for "${release}"`, exitCode);
}
