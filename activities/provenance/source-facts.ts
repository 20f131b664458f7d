import { basename } from 'node:path';
import type { GitRef, Kmod } from '../../model/kmod.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { SourceFacts } from '../../report/write-statement.ts';
import type { DataDirectory } from '../data-directory.ts';
import { openSourcePins, type SourcePin } from '../sources/source-pins.ts';

/**
 * Tells where a kmod's source comes from, as everybody may read it: of what lies on this machine the name
 * alone, of what lies elsewhere its address and what was fetched from there.
 *
 * @param sourceDigest Of the source that was built.
 */
export async function describeSource(
  kmod: Kmod,
  sourceDigest: Sha256Hex,
  data: DataDirectory,
): Promise<SourceFacts> {
  const { source } = kmod;
  switch (source.kind) {
    case 'spec':
      return { description: { kind: 'spec', spec: basename(source.spec) } };
    case 'srpm':
    case 'dkms':
      return { description: { kind: source.kind, name: basename(source.path) } };
    case 'download': {
      const { url, sha256 } = source;
      return { description: { kind: 'download', url, sha256 }, uri: url, digest: { sha256 } };
    }
    case 'git': {
      const { url } = source;
      const description = { kind: 'git', url, ...describeRef(source.ref) };
      const pin = await findPin(kmod, sourceDigest, data);
      if (pin?.kind !== 'commit') return { description, uri: `git+${url}` };
      return { description, uri: `git+${url}@${pin.commit}`, digest: { gitCommit: pin.commit } };
    }
    case 'repository': {
      const { url, packageName } = source;
      const description = { kind: 'repository', url, package: packageName };
      const pin = await findPin(kmod, sourceDigest, data);
      if (pin?.kind !== 'file') return { description, uri: url };
      const { file, name } = pin;
      return { description: { ...description, name }, uri: url, digest: { sha256: file.sha256 } };
    }
    default:
      return unreachable(source);
  }
}

function describeRef(ref: GitRef): Readonly<Record<string, string>> {
  if (ref.kind === 'head') return { ref: 'head' };
  return { ref: ref.kind, name: ref.kind === 'commit' ? ref.commit : ref.name };
}

async function findPin(
  kmod: Kmod,
  sourceDigest: Sha256Hex,
  data: DataDirectory,
): Promise<SourcePin | undefined> {
  const known = await openSourcePins(data).read(kmod);
  return known?.bySource.find((entry) => entry.sourceDigest === sourceDigest)?.pin;
}

function unreachable(value: never): never {
  throw new Error(`BUG: unknown source ${JSON.stringify(value)}`);
}
