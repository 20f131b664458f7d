import type { BuildEnd } from '../activities/build.ts';
import type { ProvenanceRequest } from '../activities/provenance/write-provenance.ts';
import type { BuiltPackage } from '../model/cell.ts';
import { provenance, sign } from './activity-proxies.ts';

/**
 * Has a signed statement written about each package: what it was made of, where and why.
 *
 * @returns The packages with their statements; as they are where the build did not tell what it was made of,
 *   as those of before it was asked.
 */
export async function tellOrigin({
  built,
  ...facts
}: Omit<ProvenanceRequest, 'build'> & {
  readonly built: Extract<BuildEnd, { readonly kind: 'built' }>;
}): Promise<readonly BuiltPackage[]> {
  const { inputs, buildNumber, durationMs, attemptLog, given } = built;
  if (inputs === undefined) return facts.packages;
  const { kmod, release } = facts.cell;
  const build = { inputs, buildNumber, durationMs, attemptLog, ...(given ? { given } : {}) };
  const stated = await provenance.writeProvenance.executeWithOptions(
    { summary: `Write down what ${kmod} for ${release} was made of` },
    [{ ...facts, build }],
  );
  const signatures = await sign.signProvenance.executeWithOptions(
    { summary: `Sign the provenance of ${kmod}` },
    [{ stated }],
  );
  return await provenance.takeProvenance.executeWithOptions(
    { summary: 'Check the signatures of the statements by the public key alone' },
    [{ stated, signatures }],
  );
}
