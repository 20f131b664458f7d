import { stat } from 'node:fs/promises';
import type { SpecDetails } from '../../rpm/dkms/render-spec.ts';
import { openRpm } from '../rpm-file.ts';
import { openDebPackage } from './deb-tree.ts';
import { openDirectoryTree } from './directory-tree.ts';
import { openArchive } from './open-archive.ts';
import { readTree } from './read-tree.ts';
import type { Tree } from './tree.ts';

/** Where a DKMS source lies, and what its package says of it. */
export interface DkmsTree {
  readonly tree: Tree;
  readonly details: SpecDetails;
}

/**
 * Opens a DKMS source: a directory, a `.deb`, an `.rpm`, or a tar archive as `dkms mktarball` or
 * upstream makes it.
 *
 * @throws {ContentInvalidError} If the file is none of these.
 */
export async function openDkmsTree(path: string, signal: AbortSignal): Promise<DkmsTree> {
  if ((await stat(path)).isDirectory()) return { tree: openDirectoryTree(path), details: {} };
  const { kind, tree } = await openArchive(path);
  if (kind === 'rpm') {
    const { license } = (await openRpm(path)).header;
    return { tree, details: license === undefined ? {} : { license } };
  }
  return { tree, details: kind === 'deb' ? await readControl(path, signal) : {} };
}

/** @see deb-control(5) */
async function readControl(path: string, signal: AbortSignal): Promise<SpecDetails> {
  const { control } = await openDebPackage(path);
  const text = (await readTree(control, (name) => name === 'control', signal)).texts.get('control');
  const find = (field: string): string | undefined =>
    new RegExp(`^${field}:[ \\t]*(\\S.*)$`, 'im').exec(text ?? '')?.[1];
  const [summary, url] = [find('Description'), find('Homepage')];
  return { ...(summary === undefined ? {} : { summary }), ...(url === undefined ? {} : { url }) };
}
