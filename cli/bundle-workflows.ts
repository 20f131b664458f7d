import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

// A program of its own, started by requireWorkflowBundle(): writes the bundle to its argument.
const [output] = process.argv.slice(2);
if (output === undefined) throw new Error('BUG: expected the path of the bundle');
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  logger: new DefaultLogger('ERROR'),
});
await writeFile(output, code);
