import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LookJudgement } from '../model/stream-watch.ts';
import { nameLooked } from '../plan/judge-look.ts';
import { writeJson } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { listNames } from './list-names.ts';
import type { StreamContent } from './look-at-stream.ts';

/** Folders of evidence that are kept a stream; the newest tell most. */
const KEPT = 5;

/** A look that is not believed. */
export interface DoubtfulLook {
  readonly stream: string;
  readonly content: Extract<StreamContent, { kind: 'read' }>;
  readonly judgement: Exclude<LookJudgement, { kind: 'accepted' }>;
  /** ISO 8601 in UTC. */
  readonly lookedAt: string;
}

/**
 * Keeps what a doubtful look saw: each `repomd.xml`, where it came from, its digest, and which kernels were lost.
 * The same look twice is one folder; only the newest few stay.
 *
 * @returns The folder, relative to the data directory.
 */
export async function keepEvidence(
  { stream, content, judgement, lookedAt }: DoubtfulLook,
  data: DataDirectory,
): Promise<string> {
  const { repomds, seen } = content;
  const digests = Object.values(repomds).map(({ digest }) => digest);
  const lost = judgement.lost.map(nameLooked);
  const id = createHash('sha256')
    .update(JSON.stringify([digests, lost]))
    .digest('hex');
  const parent = data.quarantineOf(stream);
  const known = (await listNames(data.absolute(parent))).find((name) =>
    name.endsWith(id.slice(0, 12)),
  );
  if (known !== undefined) return join(parent, known);
  const folder = join(parent, `${lookedAt.replace(/[:.]/g, '-')}-${id.slice(0, 12)}`);
  const at = data.absolute(folder);
  await mkdir(at, { recursive: true });
  const repositories = Object.entries(repomds).map(([url, { digest, revision }], index) => {
    const { baseUrl = url } = seen[url] ?? {};
    return { url, baseUrl, file: `repomd-${index}.xml`, sha256: digest, revision };
  });
  for (const [index, { bytes }] of Object.values(repomds).entries()) {
    await writeFile(join(at, `repomd-${index}.xml`), bytes);
  }
  const { kind, sentence } = judgement;
  await writeJson(join(at, 'look.json'), { stream, kind, sentence, lookedAt, lost, repositories });
  await removeOld(data.absolute(parent));
  return folder;
}

async function removeOld(directory: string): Promise<void> {
  const names = await listNames(directory);
  for (const name of names.slice(0, -KEPT)) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
