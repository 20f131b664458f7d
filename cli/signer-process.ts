import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DataDirectory } from '../activities/data-directory.ts';
import { findProgram } from '../activities/find-program.ts';
import { readModuleCertificate } from '../activities/module-key.ts';
import { type PublicKeys, readPublicKeys } from '../activities/public-keys.ts';
import { RekmodError } from '../model/errors.ts';
import type { SigningSettings } from '../model/settings.ts';
import { endChild } from './end-child.ts';

/** No signer came up, or none was ever started. */
export class SignerMissingError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(detail: string) {
    super(`Cannot sign: ${detail}`);
  }
}

/** What `rekmod signer` prints when it serves its queue. */
export const SIGNER_READY = 'rekmod signer is ready';

/** A signer in a process of its own, started again when it ends by itself. */
export interface SignerProcess {
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 35_000;
const RESTART_AFTER_MS = 1000;
const STDERR_LENGTH_LIMIT = 2000;

/**
 * Starts `rekmod signer` and waits until it serves. It ends with this process, however that ends.
 *
 * @throws {SignerMissingError} If it ends before it serves, with what it said.
 */
export async function startSignerProcess(
  configFile: string,
  say: (line: string) => void,
): Promise<SignerProcess> {
  let isStopping = false;
  let child = await spawnSigner(configFile);
  await waitUntilReady(child);

  async function restart(): Promise<void> {
    while (!isStopping) {
      await delay(RESTART_AFTER_MS);
      if (isStopping) return;
      try {
        child = await spawnSigner(configFile);
        await waitUntilReady(child);
        watch();
        return;
      } catch (error) {
        say(`${String(error)}; trying again`);
      }
    }
  }

  function watch(): void {
    child.once('exit', (code, signal) => {
      if (isStopping) return;
      say(`The signer ended (${signal ?? `exit code ${code}`}); starting it again`);
      void restart();
    });
  }

  watch();
  return {
    async stop() {
      isStopping = true;
      await endChild(child, STOP_TIMEOUT_MS);
    },
  };
}

/**
 * Waits for the public halves of the configured keys, which a signer writes when it starts.
 *
 * @throws {SignerMissingError} If none has within a minute.
 */
export async function waitForPublicKeys(
  data: DataDirectory,
  signing: SigningSettings,
  say: (line: string) => void,
): Promise<PublicKeys> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (let isFirst = true; ; isFirst = false) {
    const keys = await readPublicKeys(data);
    if (keys && (await areConfigured(keys, signing))) return keys;
    const found = keys ? 'those of another configuration' : 'none';
    if (isFirst) say(`Waiting for "rekmod signer" to announce its keys, found ${found}`);
    if (performance.now() > deadline) {
      throw new SignerMissingError(
        `expected the configured public keys in "${data.signing}", found ${found}; start "rekmod signer", or let "up" do it with signing: { process: own }`,
      );
    }
    await delay(500);
  }
}

/** What an earlier signer left behind would refuse all that the next one signs. */
async function areConfigured(
  { fingerprint, moduleCertificate }: PublicKeys,
  { keyId, modules }: SigningSettings,
): Promise<boolean> {
  if (keyId !== undefined && keyId !== fingerprint) return false;
  if (modules === undefined) return moduleCertificate === undefined;
  const wanted = await readModuleCertificate(modules.certificate);
  return moduleCertificate?.fingerprint === wanted.fingerprint;
}

async function spawnSigner(configFile: string): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const argv = [process.execPath, ...process.execArgv, main, '--config', configFile, 'signer'];
  // It must not outlive a killed `up`; a terminal's signals are for `up` alone.
  const guard = await findProgram('setpriv', process.env.PATH ?? '');
  const [program = '', ...args] = guard ? [guard, '--pdeathsig', 'TERM', ...argv] : argv;
  return spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function waitUntilReady(child: ChildProcess): Promise<void> {
  let said = '';
  let isReady = false;
  // What it says before it serves is told with its end, once.
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-STDERR_LENGTH_LIMIT);
    if (isReady) process.stderr.write(text);
  });
  const ready = new Promise<void>((resolve) => {
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-STDERR_LENGTH_LIMIT);
      if (printed.includes(SIGNER_READY)) resolve();
    });
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const end = signal ?? `exit code ${code}`;
      reject(new SignerMissingError(`expected the signer to start, found ${end}: ${said.trim()}`));
    });
  });
  ended.catch(() => undefined);
  // A signer that says nothing is ended, and that is how its end is told.
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  try {
    await Promise.race([ready, ended]);
    isReady = true;
  } finally {
    clearTimeout(timer);
  }
}
