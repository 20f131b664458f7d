import type { SignMetadataInput } from '../model/workflow-messages.ts';
import { signMetadata as signer } from './activity-proxies.ts';

/** Has a repository's metadata signed, for a publisher that has no key. Returns the signature. */
export async function signMetadata(input: SignMetadataInput): Promise<string> {
  return await signer.signMetadata.executeWithOptions(
    { summary: `Sign repomd.xml of ${input.repository}` },
    [input],
  );
}
