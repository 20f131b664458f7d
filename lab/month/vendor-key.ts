import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';

/** The key that a scripted vendor signs metadata with. */
export interface VendorKey extends AsyncDisposable {
  /** The public half, ASCII-armored. */
  readonly publicKeyFile: string;
  /** Writes `<path>.asc`, a detached signature. */
  sign(path: string): Promise<void>;
}

/** Makes a key without passphrase in a directory; its agent ends with it. */
export async function makeVendorKey(directory: string): Promise<VendorKey> {
  const home = join(directory, 'vendor-key');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const gpg = ['gpg', '--homedir', home, '--batch', '--yes', '--passphrase', ''] as const;
  await runProgram([...gpg, '--quick-generate-key', 'scripted vendor', 'ed25519', 'sign', 'never']);
  const publicKeyFile = join(directory, 'RPM-GPG-KEY-scripted-vendor');
  await runProgram([...gpg, '--armor', '--output', publicKeyFile, '--export']);
  return {
    publicKeyFile,
    async sign(path) {
      await runProgram([...gpg, '--armor', '--output', `${path}.asc`, '--detach-sign', path]);
    },
    async [Symbol.asyncDispose]() {
      await runProgram(['gpgconf', '--homedir', home, '--kill', 'all']);
    },
  };
}
