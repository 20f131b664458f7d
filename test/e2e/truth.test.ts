import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CommandEnd, isCommandError } from '../../lab/world.ts';

// The quick part of the ground truth suite: the lab's own kernels, booted for this very run.

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What of the run's JSON is looked at. */
interface Found {
  readonly pairs: readonly {
    readonly variant: string;
    readonly verdict: { readonly kind: string };
    readonly loader: { readonly kind: string };
  }[];
}

async function runTruth(...args: readonly string[]): Promise<CommandEnd> {
  const argv = ['--import', 'tsx', join(root, 'lab/truth.ts'), ...args];
  const options = { cwd: root, timeout: 15 * 60_000, maxBuffer: 64 * 1024 * 1024 };
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, argv, options, (error, stdout, stderr) => {
      if (error && !isCommandError(error)) reject(error);
      else resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test('npm run truth -- --quick finds that verdicts, loader, depmod and weak-modules agree', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-truth-test-'));
  try {
    const json = join(directory, 'truth.json');
    const { exitCode, stdout, stderr } = await runTruth('--quick', '--fresh', '--json', json);
    const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
    const { pairs }: Found = JSON.parse(await readFile(json, 'utf8'));
    const count = (verdict: string, loader: string): number =>
      pairs.filter((pair) => pair.verdict.kind === verdict && pair.loader.kind === loader).length;

    assert.match(
      lastLine,
      /^pairs: [1-9]\d*, false keep: 0, false rebuild: \d+, unexplained: 0$/,
      `${stderr}\n${stdout}`,
    );
    assert.equal(exitCode, 0, stdout);
    // A run in which everything loads, or nothing, would show little.
    assert.ok(count('keep', 'loads') >= 10, stdout);
    assert.ok(count('rebuild', 'refuses') >= 10, stdout);
    assert.ok(count('broken', 'refuses') >= 1, stdout);
    assert.ok(new Set(pairs.map(({ variant }) => variant)).size >= 10, stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
