import { layOutDataDirectory } from '../activities/data-directory.ts';
import { findFullPath, readFreeRoom } from '../activities/room.ts';
import { readUpkeepReport } from '../activities/upkeep/upkeep.ts';
import { dataDirectory } from '../config/data-directory.ts';
import { findEngine } from '../containers/find-engine.ts';
import type { Settings } from '../model/settings.ts';
import { formatBytes } from '../plan/format-bytes.ts';
import { upkeepToText } from '../report/upkeep-text.ts';
import type { Check } from './check.ts';

/** Looks at what is free where rekmod writes, and how the last upkeep went. */
export async function checkRoom({ limits }: Pick<Settings, 'limits'>): Promise<readonly Check[]> {
  const data = layOutDataDirectory(dataDirectory(process.env));
  const search = await findEngine({ ...process.env, uid: process.getuid?.() ?? 0 });
  const images = search.kind === 'found' ? search.engine.info.rootDirectory : undefined;
  const wanted = { bytes: limits.freeBytes, inodes: limits.freeInodes };
  const places = [data.root, ...(images === undefined ? [] : [images])];
  const rooms = await Promise.all(places.map((path) => checkPlace(path, wanted)));
  const report = await readUpkeepReport(data).catch(() => undefined);
  const problems = report?.parts.flatMap((part) => part.problems) ?? [];
  const [sumUp] = report ? upkeepToText(report).split('\n') : [];
  const upkeep: Check = {
    name: 'last upkeep',
    isGood: problems.length === 0,
    found: report ? `${report.endedAt}: ${[sumUp, ...problems].join('; ')}` : 'none yet',
    ...(problems.length === 0 ? {} : { remedy: 'rekmod upkeep --dry-run' }),
  };
  return [...rooms.flat(), upkeep];
}

async function checkPlace(
  path: string,
  wanted: Parameters<typeof findFullPath>[0]['wanted'],
): Promise<readonly Check[]> {
  const room = await readFreeRoom(path);
  if (room === undefined) return [];
  const full = await findFullPath({ paths: [path], wanted });
  const inodes = room.inodes === undefined ? '' : ` and ${room.inodes} inodes`;
  const name = `room at ${path}`;
  if (full === undefined) {
    return [{ name, isGood: true, found: `${formatBytes(room.bytes)}${inodes} free` }];
  }
  const remedy = 'make room, or lower "limits.free" and "limits.freeInodes"; work waits until then';
  return [{ name, isGood: false, found: full, remedy }];
}
