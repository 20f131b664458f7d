import { open } from 'node:fs/promises';

/** Signals by which a program is told to read its configuration again. */
export interface ReloadSignals {
  /** Resolves when the terminal that the program was started from is gone; that ends it, as it ends others. */
  readonly hungUp: Promise<NodeJS.Signals>;
  /** Has every signal from now on, and one that came before, start work. */
  answer(reload: () => void): void;
}

/**
 * Takes SIGHUP, by which service managers and `rekmod reload` ask for a reload. The same signal tells a program
 * that its terminal was closed: then there is none any more that can be opened.
 */
export async function listenForReloads(): Promise<ReloadSignals> {
  let onReload: (() => void) | undefined;
  let isAsked = false;
  const hadTerminal = await hasTerminal();
  const hungUp = new Promise<NodeJS.Signals>((resolve) => {
    process.on('SIGHUP', (signal) => {
      void (async () => {
        if (hadTerminal && !(await hasTerminal())) resolve(signal);
        else if (onReload) onReload();
        else isAsked = true;
      })();
    });
  });
  return {
    hungUp,
    answer(reload) {
      onReload = reload;
      if (isAsked) reload();
    },
  };
}

/** Whether this process has a controlling terminal. @see tty(4) */
async function hasTerminal(): Promise<boolean> {
  try {
    await (await open('/dev/tty', 'r')).close();
    return true;
  } catch {
    return false;
  }
}
