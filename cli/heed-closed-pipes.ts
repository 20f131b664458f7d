/** Commands that run on when nobody reads what they say, because they have more to end than themselves. */
const SERVICES: ReadonlySet<string> = new Set(['up', 'signer']);

/**
 * Lets a command end in peace when its reader has seen enough (`rekmod status | head -3`), where Node
 * would stop at the write with a stack trace.
 */
export function heedClosedPipes(args: readonly string[]): void {
  const isService = args.some((arg) => SERVICES.has(arg));
  process.stdout.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
    if (!isService) process.exit();
  });
  process.stderr.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
}

function isClosedPipe(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
}
