import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Ids of the containers, running or not, that a data directory owns; asked of docker itself. */
export async function listOwnContainers(home: string): Promise<readonly string[]> {
  const homeId = (await readFile(join(home, 'home-id'), 'utf8')).trim();
  const filter = `label=io.rekmod.home=${homeId}`;
  const { stdout } = await promisify(execFile)('docker', ['ps', '-aq', '--filter', filter]);
  return stdout.split('\n').filter((line) => line !== '');
}
