import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import type { CellRecord } from '../../model/cell.ts';
import type { Kernel } from '../../model/kernel.ts';
import { detectDialect } from '../../rpm/spec.ts';
import { fillIn } from './corpus-spec.ts';
import { expectedOf, judgePackages } from './judge-packages.ts';
import type { BuiltRow, Finding, PublishedPackage, Row } from './row.ts';

/** Steps at which a build is at fault, not what it gave. */
const BUILD_STEPS: ReadonlySet<string> = new Set(['prepare', 'build']);

/** Judges what rekmod recorded and published of a row, all kernels of it. */
export async function judgeRow(row: Row, home: string): Promise<BuiltRow> {
  const detected: string[] = [];
  const built: string[] = [];
  const verified: string[] = [];
  const packages: PublishedPackage[] = [];
  const data = layOutDataDirectory(home);
  let newBuild: BuiltRow['newBuild'] = 'replaces';
  for (const release of row.releases) {
    const key = { stream: row.distribution, release, kmod: row.laidOut.spec.name };
    const kernel: Kernel = await readJson(data.kernelFile(key));
    detected.push(...judgeDialect(row, kernel));
    ({ newBuild } = expectedOf(row, kernel));
    const cell: CellRecord = await readJson(data.cellFile(key));
    const { outcome } = cell;
    if (outcome.kind !== 'published') {
      const reason = outcome.kind === 'failed' ? outcome.reason : `it was ${outcome.kind}`;
      const isBuild = outcome.kind !== 'failed' || BUILD_STEPS.has(outcome.step);
      (isBuild ? built : verified).push(`${release}: ${reason}`);
      continue;
    }
    const judged = await judgePackages({
      row,
      kernel,
      fileNames: outcome.packages.map(({ fileName }) => fileName),
      directory: join(data.repositories, row.distribution, 'current', 'Packages'),
    });
    packages.push(...judged.packages);
    verified.push(...judged.problems);
  }
  return {
    row,
    detected: { problems: detected },
    built: { problems: built },
    verified: { problems: verified },
    packages,
    newBuild,
  };
}

/**
 * Judges a row that rekmod must not build: each kernel must have failed with the sentence of the
 * corpus.
 */
export function judgeRefusal(judged: BuiltRow): Finding {
  const { row, built } = judged;
  const { refusal = '' } = row.laidOut.spec;
  const sentences = row.releases.map((release) =>
    fillIn(refusal, { version: row.laidOut.version, release }),
  );
  const problems = sentences
    .filter((sentence) => !built.problems.some((problem) => problem.includes(sentence)))
    .map((sentence) => `expected "${sentence}", found ${built.problems.join('; ') || 'a build'}`);
  return { problems, note: sentences[0] ?? '' };
}

function judgeDialect({ laidOut, form }: Row, kernel: Kernel): readonly string[] {
  const found = detectDialect(laidOut.text, kernel)?.name;
  if (found === form.dialect) return [];
  return [`${kernel.release}: expected the dialect ${form.dialect}, found ${found ?? 'none'}`];
}

async function readJson<T>(path: string): Promise<T> {
  const parsed: T = JSON.parse(await readFile(path, 'utf8'));
  return parsed;
}
