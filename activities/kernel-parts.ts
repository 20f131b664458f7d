import { ContentInvalidError, NotFoundError } from '../model/activity-errors.ts';
import {
  findKernelPart,
  type KernelPart,
  listKernelNames,
  nameKernelOf,
} from '../rpm/kernel-provides.ts';
import { flavourOfRelease } from '../rpm/kernel-release.ts';
import { type MetadataLook, type MetadataSource, readPackageMetadata } from './package-metadata.ts';

/** The packages of one kernel have 25,000 symbols, those of all flavours of a version ten times as many. */
const SYMBOL_LIMIT = 2_000_000;
const NAME_LIMIT = 10_000;
const SHOWN_NAMES = 12;

/**
 * Reads what the packages of one kernel export, from the metadata of a repository with many kernels.
 *
 * @param wanted What the kernel is called, e.g. `5.14.0-611.el9`, which is the flavour `default` if there
 *   are several, or `5.14.0-611.el9.x86_64+rt`; undefined for the only one there is.
 * @param thing What the repository is called in messages.
 * @throws {NotFoundError} If there is no such kernel, or several; names those that there are.
 * @throws {ContentInvalidError} If it has more symbols than kernels have.
 */
export async function readKernelParts(
  source: MetadataSource,
  wanted: string | undefined,
  { thing, ...look }: Pick<MetadataLook, 'scratch' | 'signal'> & { readonly thing: string },
): Promise<readonly KernelPart[]> {
  const kernels = new Map<string, KernelPart[]>();
  const names = new Set<string>();
  let symbolCount = 0;
  await readPackageMetadata(source, {
    ...look,
    onPackage(found, dependencies) {
      const part = findKernelPart(found, dependencies);
      if (part === undefined || part.symbols.exports.length === 0) return;
      const [name = ''] = listKernelNames(part);
      if (names.size < NAME_LIMIT) names.add(name);
      if (wanted !== undefined && !listKernelNames(part).includes(wanted)) return;
      // Without a name only one kernel may be there: the parts of others need not be kept.
      if (wanted === undefined && names.size > 1) return;
      symbolCount += part.symbols.exports.length;
      if (symbolCount > SYMBOL_LIMIT) {
        const detail = `expected at most ${SYMBOL_LIMIT} symbols of one kernel, found more`;
        throw new ContentInvalidError(thing, detail);
      }
      const key = nameKernelOf(part);
      kernels.set(key, [...(kernels.get(key) ?? []), part]);
    },
  });
  const isAmbiguous = wanted === undefined && names.size > 1;
  const parts = isAmbiguous ? undefined : chooseKernel([...kernels.values()], wanted);
  if (parts) return parts;
  const several = kernels.size > 1 || isAmbiguous;
  const expected = `expected ${several ? 'the name of one kernel behind a "#"' : 'a kernel of it'}`;
  throw new NotFoundError('use the kernel of', thing, `${expected} (${listNames(names)})`);
}

/** Of several flavours of one version the one that was called by its full name, else the default. */
function chooseKernel(
  kernels: readonly (readonly KernelPart[])[],
  wanted: string | undefined,
): readonly KernelPart[] | undefined {
  if (kernels.length === 1) return kernels[0];
  const exact = kernels.filter((parts) =>
    parts.some(({ releases }) => wanted !== undefined && releases.includes(wanted)),
  );
  const plain = kernels.filter((parts) =>
    parts.some(({ releases: [release] }) => flavourOfRelease(release ?? '') === 'default'),
  );
  const chosen = exact.length > 0 ? exact : plain;
  return chosen.length === 1 ? chosen[0] : undefined;
}

function listNames(names: ReadonlySet<string>): string {
  if (names.size === 0) return 'none is there';
  const shown = [...names].slice(-SHOWN_NAMES).join(', ');
  return names.size > SHOWN_NAMES ? `${names.size}, among them ${shown}` : shown;
}
