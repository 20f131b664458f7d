import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders whose code may be replayed; a change in any makes another bundle. */
const BUNDLED_FOLDERS = ['model', 'kabi', 'rpm', 'plan', 'report', 'workflows'] as const;

/**
 * Returns the path of the workflow bundle for the sources as they are now, made if it is not there.
 *
 * A process of its own makes it: the bundler needs several hundred megabytes for a second, which the
 * worker would keep for months.
 */
export async function requireWorkflowBundle(cacheDirectory: string): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const bundle = join(cacheDirectory, `workflows-${await digestSources(root)}.js`);
  const isThere = await access(bundle).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await mkdir(dirname(bundle), { recursive: true });
    const temporary = `${bundle}.${process.pid}.tmp`;
    await runBundler(join(root, 'cli', 'bundle-workflows.ts'), temporary);
    await rename(temporary, bundle);
  }
  return bundle;
}

async function digestSources(root: string): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await readFile(join(root, 'package-lock.json')));
  for (const folder of BUNDLED_FOLDERS) {
    const names = (await readdir(join(root, folder), { recursive: true })).sort();
    for (const name of names.filter((entry) => entry.endsWith('.ts'))) {
      hash.update(JSON.stringify([folder, name]));
      hash.update(await readFile(join(root, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function runBundler(script: string, output: string): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, script, output], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stderr: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  if (exitCode === 0) return;
  const said = Buffer.concat(stderr).toString('utf8').slice(-2000);
  throw new Error(`BUG: the workflow bundle cannot be made: ${said}`);
}
