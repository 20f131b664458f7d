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
async function replay(histories: readonly NamedHistory[]): Promise<readonly string[]> {
  const options = { workflowBundle: { codePath: await requireTestBundle() } };
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
