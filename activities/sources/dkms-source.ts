import { join } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { DkmsConf } from '../../rpm/dkms/dkms-conf.ts';
import { parseDkmsConf } from '../../rpm/dkms/parse-conf.ts';
import { type DkmsSpec, renderDkmsSpec, type SpecDetails } from '../../rpm/dkms/render-spec.ts';
import type { ReadSource } from './kmod-input.ts';
import { packTree } from './pack-tree.ts';
import { digestSources, readTree, type TreeContent } from './read-tree.ts';
import type { Tree } from './tree.ts';

/** A DKMS source, and the kmod package that it became. */
export interface DkmsSource {
  readonly conf: DkmsConf;
  readonly spec: DkmsSpec;
  /** The folder of the tree that holds `dkms.conf`; empty for its root. */
  readonly root: string;
  readonly sourceDigest: Sha256Hex;
  /** Puts the source archive, without the spec, into a directory. */
  copySources(directory: string): Promise<void>;
}

const CONF = /(?:^|\/)dkms\.conf$/;

/**
 * Reads a DKMS source out of a tree: the folder with the `dkms.conf` that lies the least deep, which in a
 * package is `usr/src/<name>-<version>`.
 *
 * @throws {ContentInvalidError} If there is none, or several lie equally deep.
 * @throws {DkmsParseError} If it cannot be read.
 */
export async function readDkmsSource(
  tree: Tree,
  details: SpecDetails,
  signal: AbortSignal,
): Promise<DkmsSource> {
  const content = await readTree(tree, (path) => CONF.test(path), signal);
  const confPath = requireConf(tree.name, content);
  const root = confPath.slice(0, Math.max(0, confPath.lastIndexOf('/')));
  const conf = parseDkmsConf(content.texts.get(confPath) ?? '');
  const spec = renderDkmsSpec(conf, details);
  const below = root === '' ? '' : `${root}/`;
  const entries = content.entries
    .filter(({ path }) => path.startsWith(below))
    .map((entry) => ({ ...entry, path: entry.path.slice(below.length) }));
  return {
    conf,
    spec,
    root,
    sourceDigest: digestSources([spec.specName, spec.specText], entries),
    async copySources(directory) {
      const path = join(directory, spec.archiveName);
      await packTree(tree, path, { root, folder: spec.archiveFolder, signal });
    },
  };
}

/**
 * Reads a DKMS source as the input of a build; see {@link readDkmsSource}.
 *
 * @throws As {@link readDkmsSource}.
 */
export async function toReadSource(
  tree: Tree,
  details: SpecDetails,
  signal: AbortSignal,
): Promise<ReadSource> {
  const { spec, conf, sourceDigest, copySources } = await readDkmsSource(tree, details, signal);
  const { specName, specText } = spec;
  return { specName, specText, sourceDigest, conditions: conf.conditions, copySources };
}

function requireConf(name: string, { texts }: TreeContent): string {
  const depthOf = (path: string): number => path.split('/').length;
  const paths = [...texts.keys()].sort((a, b) => depthOf(a) - depthOf(b));
  const [first, second] = paths;
  if (first === undefined) throw new ContentInvalidError(name, 'expected a dkms.conf, found none');
  if (second === undefined || depthOf(second) > depthOf(first)) return first;
  throw new ContentInvalidError(name, `expected one dkms.conf, found "${first}" and "${second}"`);
}
