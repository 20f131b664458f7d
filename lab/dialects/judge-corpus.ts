import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatusReport } from '../../model/status.ts';
import type { World } from '../world.ts';
import { openClient } from './client.ts';
import { CORPUS } from './corpus.ts';
import type { Distribution } from './corpus-spec.ts';
import type { DialectLab } from './dialect-lab.ts';
import { createDialectWorld, DISTRIBUTIONS } from './dialect-world.ts';
import { judgeInstalls } from './judge-install.ts';
import { judgeRefusal, judgeRow } from './judge-row.ts';
import { layOutSpec } from './lay-out-spec.ts';
import type { BuiltRow, Finding, JudgedRow, Row } from './row.ts';

/** What of the corpus is judged, and where. */
export interface CorpusOptions {
  /** An empty or missing directory; holds everything. */
  readonly directory: string;
  /** @default {all specs} */
  readonly names?: readonly string[];
  /** Takes a sentence about how far it is. */
  readonly say: (sentence: string) => void;
}

/** The rows that must be built, and those that must not. */
export interface JudgedCorpus {
  readonly rows: readonly JudgedRow[];
  readonly refused: readonly { readonly row: Row; readonly finding: Finding }[];
}

const OPEN_STATES: ReadonlySet<string> = new Set(['unknown', 'waiting', 'running']);
const ROLLOUT_TIMEOUT_MS = 40 * 60_000;

/**
 * Has a whole rekmod build the corpus for two kernels of each distribution, publish what it verified,
 * and a client install it.
 *
 * @throws {Error} If rekmod does not come to an end, or a name is no spec of the corpus.
 */
export async function judgeCorpus(
  made: DialectLab,
  { directory, names, say }: CorpusOptions,
): Promise<JudgedCorpus> {
  const unknown = names?.find((name) => !CORPUS.some((spec) => spec.name === name));
  if (unknown !== undefined) throw new Error(`the corpus has no spec "${unknown}"`);
  const chosen = CORPUS.filter(({ name }) => names?.includes(name) ?? true);
  const sources = join(directory, 'specs');
  await mkdir(sources, { recursive: true });
  const specs = await Promise.all(
    chosen.map((spec) => layOutSpec(spec, { directory: sources, kmods: made.lab.kmods })),
  );
  await using world = await createDialectWorld(made, { directory, specs });
  await world.up();
  const rows = specs.flatMap((laidOut) =>
    DISTRIBUTIONS.flatMap((distribution): readonly Row[] => {
      const form = laidOut.spec.forms[distribution];
      return form ? [{ laidOut, form, distribution, releases: made.kernels[distribution] }] : [];
    }),
  );
  await waitForRollouts(world, rows, say);
  const judged = await Promise.all(rows.map((row) => judgeRow(row, world.home)));
  say('rekmod is done; a client installs what it published');
  const isRefusal = ({ row }: { readonly row: Row }): boolean =>
    row.laidOut.spec.refusal !== undefined;
  const toBuild = judged.filter((found) => !isRefusal(found));
  const installed = new Map<Row, Finding>();
  for (const distribution of DISTRIBUTIONS) {
    const own = toBuild
      .filter(({ row }) => row.distribution === distribution)
      .filter(({ built, verified }) => built.problems.length + verified.problems.length === 0);
    if (own.length === 0) continue;
    for (const [row, finding] of await installAll(own, { world, made, distribution })) {
      installed.set(row, finding);
    }
  }
  return {
    rows: toBuild.map((found) => ({
      ...found,
      installed: installed.get(found.row) ?? { problems: [], note: '-' },
    })),
    refused: judged
      .filter(isRefusal)
      .map((found) => ({ row: found.row, finding: judgeRefusal(found) })),
  };
}

async function waitForRollouts(
  world: World,
  rows: readonly Row[],
  say: (sentence: string) => void,
): Promise<void> {
  const count = rows.flatMap(({ releases }) => releases).length;
  let told = 0;
  const isDone = ({ cells }: StatusReport): boolean => {
    const done = cells.filter(({ state }) => !OPEN_STATES.has(state)).length;
    if (done !== told) say(`${done} of ${count} cells have ended`);
    told = done;
    return done === count;
  };
  await world.waitFor(`the end of ${count} cells`, isDone, ROLLOUT_TIMEOUT_MS);
}

async function installAll(
  built: readonly BuiltRow[],
  where: {
    readonly world: World;
    readonly made: DialectLab;
    readonly distribution: Distribution;
  },
): Promise<readonly (readonly [Row, Finding])[]> {
  await using client = await openClient(where.world, where.made, where.distribution);
  const findings = await judgeInstalls(built, client);
  return built.map(({ row }, index) => [row, findings[index] ?? { problems: [] }] as const);
}
