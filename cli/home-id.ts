import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readIfExists, writeFileAtomically } from '../activities/atomic-file.ts';

/** The data directory's own name, which marks its containers; made on first use. */
export async function requireHomeId(root: string): Promise<string> {
  const path = join(root, 'home-id');
  const known = (await readIfExists(path))?.trim();
  if (known !== undefined && known !== '') return known;
  const made = randomUUID();
  await writeFileAtomically(path, `${made}\n`);
  return made;
}
