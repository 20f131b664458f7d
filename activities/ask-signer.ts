import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { metadataSignatureId } from '../model/workflow-ids.ts';
import type { SignMetadataInput } from '../model/workflow-messages.ts';
import type { PublicKeys } from './public-keys.ts';
import type { MetadataKey } from './signing-key.ts';

/**
 * Makes a key for the publisher that is not here: each signature is asked of the signer, in its own
 * process or on its own host, by a workflow that anybody can look up later.
 */
export function openRemoteKey(
  client: Client,
  { publicKeyFile, clientFiles }: Pick<PublicKeys, 'publicKeyFile' | 'clientFiles'>,
): MetadataKey {
  return {
    publicKeyFile,
    clientFiles,
    async signDetached({ path, signature }, signal) {
      const repomd = await readFile(path, 'utf8');
      const { workflowExecution } = Context.current().info;
      const requester = workflowExecution?.workflowId ?? '';
      const repository = requester.replace(/^publish\//, '');
      const digest = createHash('sha256').update(repomd).digest('hex');
      const input: SignMetadataInput = { repository, repomd };
      const handle = await client.workflow.start('signMetadata', {
        workflowId: metadataSignatureId({ repository, digest }),
        workflowIdConflictPolicy: 'USE_EXISTING',
        taskQueue: CONTROL_QUEUE,
        args: [input],
        staticSummary: `Signature of the metadata of ${repository}, asked for by ${requester}`,
      });
      const text: string = await Promise.race([handle.result(), rejectOnAbort(signal)]);
      await writeFile(signature, text);
    },
  };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
