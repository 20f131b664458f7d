import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitClient } from '../../cli/temporal-connection.ts';
import { TemporalUnreachableError } from '../../cli/temporal-server.ts';

test('awaitClient() waits no longer than it may, and says that it waits', async () => {
  const settings = { address: '127.0.0.1:1', namespace: 'default', port: 1, uiPort: 1 };
  const said: string[] = [];
  const wait = (patienceMs: number): Promise<unknown> =>
    awaitClient(settings, (sentence) => said.push(sentence), patienceMs);

  await assert.rejects(wait(0), TemporalUnreachableError);
  assert.deepEqual(said, []);
  await assert.rejects(wait(1000), /Cannot reach Temporal "127\.0\.0\.1:1"/);
  assert.deepEqual(said, ['Waiting up to 1 s for Temporal at 127.0.0.1:1']);
});
