import type { ContainerExit } from './engine.ts';

/** 128 + SIGHUP, SIGINT, SIGKILL, SIGTERM: how engines and machines that shut down end containers. */
const SIGNAL_EXITS: ReadonlySet<number> = new Set([129, 130, 137, 143]);

/**
 * Tells whether a signal ended a container that neither rekmod nor the kernel, for want of memory, sent. A program
 * inside can end itself so as well: who asks must not try for ever.
 */
export function isInterrupted({ exitCode, isTimedOut, isOutOfMemory }: ContainerExit): boolean {
  return SIGNAL_EXITS.has(exitCode) && !isTimedOut && !isOutOfMemory;
}
