import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { runProgram } from '../../activities/run-program.ts';
import { makeScratch } from './scratch.ts';

/** A GnuPG home of a test's own with one secret key; its agent ends with it. */
export interface GpgRig extends AsyncDisposable {
  readonly home: string;
  /** The ASCII-armored public key. */
  readonly publicKeyFile: string;
  /** The same key, binary. */
  readonly binaryKeyFile: string;
  /** Makes an ASCII-armored detached signature. */
  sign(content: string | Uint8Array): Promise<Uint8Array>;
  /** Signs an RPM file in its place. */
  signRpm(path: string): Promise<void>;
}

export async function makeGpgRig(): Promise<GpgRig> {
  const scratch = await makeScratch();
  const home = scratch.path;
  await chmod(home, 0o700);
  const gpg = ['gpg', '--homedir', home, '--batch', '--yes', '--passphrase', ''] as const;
  await runProgram([...gpg, '--quick-generate-key', 'test', 'ed25519', 'sign', 'never']);
  const publicKeyFile = scratch.at('public.asc');
  const binaryKeyFile = scratch.at('public.gpg');
  await runProgram([...gpg, '--armor', '--output', publicKeyFile, '--export']);
  await runProgram([...gpg, '--output', binaryKeyFile, '--export']);
  return {
    home,
    publicKeyFile,
    binaryKeyFile,
    async sign(content) {
      const path = scratch.at('content');
      await writeFile(path, content);
      await runProgram([...gpg, '--armor', '--output', `${path}.asc`, '--detach-sign', path]);
      return await readFile(`${path}.asc`);
    },
    async signRpm(path) {
      const macros = [`_gpg_path ${home}`, '_gpg_name test', '__gpg /usr/bin/gpg'];
      const defines = macros.flatMap((macro) => ['--define', macro]);
      await runProgram(['rpmsign', ...defines, '--addsign', path]);
    },
    async [Symbol.asyncDispose]() {
      await runProgram(['gpgconf', '--homedir', home, '--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}
