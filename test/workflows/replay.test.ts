import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { Worker } from '@temporalio/worker';
import { installQuietRuntime } from '../support/quiet-runtime.ts';
import { requireTestBundle } from '../support/test-bundle.ts';

// Recorded by test/support/record-histories.ts; a new way through a workflow needs a new one.
const HISTORIES = new URL('../histories/', import.meta.url).pathname;

installQuietRuntime();

interface NamedHistory {
  readonly workflowId: string;
  readonly history: unknown;
}

async function readHistories(): Promise<readonly NamedHistory[]> {
  const names = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).sort();
  return await Promise.all(
    names.map(async (name) => ({
      workflowId: name,
      history: JSON.parse(await readFile(join(HISTORIES, name), 'utf8')),
    })),
  );
}

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** @returns What went wrong, e.g. `follow-stream.unchanged.json: …`; every history was replayed. */
async function replay(
  histories: readonly NamedHistory[],
  code?: string,
): Promise<readonly string[]> {
  const bundle = code === undefined ? { codePath: await requireTestBundle() } : { code };
  const options = { workflowBundle: bundle };
  const failures: string[] = [];
  let count = 0;
  for await (const end of Worker.runReplayHistories(options, inTurn(histories))) {
    count += 1;
    if (end.error) failures.push(`${end.workflowId}: ${end.error.message}`);
  }
  assert.equal(count, histories.length);
  return failures;
}

test('workflows replay every history that was recorded on a real server', async () => {
  const histories = await readHistories();

  assert.ok(histories.length > 0, `expected histories in ${HISTORIES}, found none`);
  assert.deepEqual(await replay(histories), []);
});

test('workflows do not replay a history of other commands', async () => {
  const [history] = (await readHistories()).filter(({ workflowId }) =>
    workflowId.startsWith('follow-stream.unchanged'),
  );
  const text = JSON.stringify(history?.history);
  assert.match(text, /"lookAtStream"/);

  const failures = await replay([
    { workflowId: 'other', history: JSON.parse(text.replace('"lookAtStream"', '"lookElsewhere"')) },
  ]);

  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /lookElsewhere|lookAtStream/);
});

/** What a contributor might do to workflows that run somewhere: a history, a place in the code, and what stands there then. */
const CHANGES: readonly (readonly [history: string, before: RegExp, after: string])[] = [
  ['follow-stream.unchanged', /\.watch\.lookAtStream\.execute/u, '.watch.lookElsewhere.execute'],
  [
    'rebuild-kmod.published-checked.by-new-kernel',
    /\.patched\)\('verify-signed'\)/u,
    ".patched)('other')",
  ],
  ['publish-repository.running', /await waitForWork\(work\);/u, 'await tidy(repository);'],
  ['gate-stream.running', /await openRules\(stream\)/u, 'await serve(stream, [])'],
];

test('workflows whose steps were changed do not replay what went before, finished or not', async () => {
  const code = await readFile(await requireTestBundle(), 'utf8');
  const histories = new Map((await readHistories()).map((one) => [one.workflowId, one]));

  for (const [name, before, after] of CHANGES) {
    const history = histories.get(`${name}.json`);
    assert.ok(history, name);
    const changed = code.replace(before, after);
    assert.notEqual(changed, code, `${name}: the code has no ${before}`);
    const [failure] = await replay([history], changed);
    assert.match(failure ?? 'it replays', /Nondeterminism|does not (?:handle|match)/iu, name);
  }
});
