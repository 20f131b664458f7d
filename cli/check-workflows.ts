import type { Settings } from '../model/settings.ts';
import { describeStuck } from '../report/describe-stuck.ts';
import type { Check } from './check.ts';
import { listStuckWorkflows } from './stuck-workflows.ts';
import { connectClient } from './temporal-connection.ts';

/** One that does not run is told of otherwise. */
const TIMEOUT_MS = 1000;

/** Looks whether all workflows go on; nothing while Temporal does not run. */
export async function checkWorkflows({ temporal }: Settings): Promise<readonly Check[]> {
  const name = 'workflows';
  try {
    const { client, connection } = await connectClient(temporal, TIMEOUT_MS);
    try {
      const stuck = await listStuckWorkflows(client);
      if (stuck.length === 0) return [{ name, isGood: true, found: 'all go on' }];
      const remedy = 'see docs/operating.md, "A workflow that stands still"';
      return describeStuck(stuck).map((found) => ({ name, isGood: false, found, remedy }));
    } finally {
      await connection.close();
    }
  } catch {
    return [];
  }
}
