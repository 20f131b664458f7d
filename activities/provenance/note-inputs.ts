import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildInput } from '../../containers/backend.ts';
import type { BuildInputs } from '../../model/provenance.ts';
import type { ExpectedPackages } from '../../rpm/spec.ts';
import type { ContentStore } from '../content-store.ts';
import type { StagedProviders } from '../stage-providers.ts';

/** A build's input as it is laid out. */
export interface LaidOutInput extends BuildInput, Omit<StagedProviders, 'staging' | 'given'> {
  readonly expected: ExpectedPackages;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Notes what goes into a build, and stores what lies nowhere else: the symbols of other kmods. */
export async function noteInputs(
  { directory, spec, defines, expected, startedAt, extraSymbols, packages }: LaidOutInput,
  store: ContentStore,
): Promise<BuildInputs> {
  const text = await readFile(join(directory, spec));
  const given = packages?.map(({ fileName, sha256, sizeBytes }) => {
    return { fileName, sha256, sizeBytes };
  });
  return {
    startedAt: new Date(startedAt).toISOString(),
    dialect: expected.dialect,
    spec: { name: spec, sha256: createHash('sha256').update(text).digest('hex') },
    defines,
    ...(extraSymbols === undefined ? {} : { symbols: await store.addText(extraSymbols) }),
    ...(given === undefined ? {} : { packages: given }),
  };
}
