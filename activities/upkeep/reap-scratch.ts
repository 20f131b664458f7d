import { lstat, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UpkeepRemoval } from '../../model/upkeep.ts';
import { listNames } from '../list-names.ts';
import { runProgram } from '../run-program.ts';
import { isScratchInUse } from '../scratch.ts';
import { findRipe, type IdleLook } from './idle-record.ts';

const SHOWN_NAMES = 5;

/**
 * Removes scratch directories whose work has ended and could not remove them, after everything that is still
 * mounted below them. Nothing else of the machine is ever unmounted.
 */
export async function reapScratch(root: string, look: IdleLook): Promise<UpkeepRemoval> {
  const found = new Map<string, string>();
  for (const name of await listNames(root)) {
    const path = join(root, name);
    const facts = await stat(path, { bigint: true }).catch(() => undefined);
    if (facts && !isScratchInUse(path)) found.set(name, `${facts.ctimeNs}`);
  }
  const ripe = await findRipe(found, look);
  for (const name of look.isDryRun ? [] : ripe) {
    await unmountBelow(join(root, name));
    await rm(join(root, name), { recursive: true, force: true, maxRetries: 2 });
  }
  return {
    what: 'scratch directories of ended work',
    count: ripe.length,
    names: ripe.slice(0, SHOWN_NAMES),
  };
}

/** What rekmod makes in the machine's folder for temporary files; each is there for minutes at most. */
const TEMPORARY = /^rekmod-(?:gpgv|cms|boot|repos)-\w{6}$/;

/** Removes temporary folders of this user that a killed process left, by their names; never a mount. */
export async function reapTemporary(root: string, look: IdleLook): Promise<UpkeepRemoval> {
  const found = new Map<string, string>();
  for (const name of (await listNames(root)).filter((one) => TEMPORARY.test(one))) {
    const facts = await lstat(join(root, name), { bigint: true }).catch(() => undefined);
    const isOurs = facts?.isDirectory() && facts.uid === BigInt(process.getuid?.() ?? 0);
    if (facts && isOurs) found.set(name, `${facts.ctimeNs}`);
  }
  const ripe = await findRipe(found, look);
  for (const name of look.isDryRun ? [] : ripe) {
    await rm(join(root, name), { recursive: true, force: true });
  }
  return {
    what: 'temporary folders of ended processes',
    count: ripe.length,
    names: ripe.slice(0, SHOWN_NAMES),
  };
}

/** The deepest first; lazily where somebody still holds it. @see proc(5), /proc/[pid]/mountinfo; umount(8) */
export async function unmountBelow(directory: string): Promise<void> {
  for (const path of findMountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), directory)) {
    await runProgram(['umount', '--lazy', '--', path]);
  }
}

/**
 * Finds mount points below a directory or on it.
 *
 * @param mountinfo E.g. `36 35 98:0 / /scratch/build-1/root rw,noatime - tmpfs tmpfs rw` a line; characters
 *   such as a space are octal there, `\040`.
 * @returns Deepest first.
 */
export function findMountsBelow(mountinfo: string, directory: string): readonly string[] {
  const points = mountinfo
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((point) =>
      point.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    );
  return points
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}
