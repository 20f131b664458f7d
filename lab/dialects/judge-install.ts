import type { Client, ClientEnd, ClientState } from './client.ts';
import { type CorpusSpec, fillIn } from './corpus-spec.ts';
import type { BuiltRow, Finding, PublishedPackage, Row } from './row.ts';

/**
 * Installs all rows of a distribution with dnf, the packages of the older kernel, then those of the
 * newer, and judges each row by what the machine has then. Where dnf refuses them all together, each
 * row gets a machine of its own, to find out which one is at fault.
 *
 * @returns In the rows' order.
 */
export async function judgeInstalls(
  rows: readonly BuiltRow[],
  client: Client,
): Promise<readonly Finding[]> {
  const complete = rows.filter(({ row }) => row.laidOut.spec.missing === undefined);
  const together = await install(complete, client);
  const findings: Finding[] = [];
  for (const built of rows) {
    const { missing } = built.row.laidOut.spec;
    const isAlone = missing !== undefined || together.kind === 'refused';
    const end = isAlone ? await install([built], client) : together;
    findings.push(
      missing === undefined ? judgeInstall(built, end) : judgeMissing(built, missing, end),
    );
  }
  return findings;
}

async function install(rows: readonly BuiltRow[], client: Client): Promise<ClientEnd> {
  const packagesOf = (index: number): readonly string[] =>
    rows.flatMap(({ row, packages }) =>
      packages.filter(({ release }) => release === row.releases[index]).map(({ nevra }) => nevra),
    );
  return await client({ older: packagesOf(0), newer: packagesOf(1) });
}

/** dnf must miss what the corpus says, and nothing else. */
function judgeMissing({ row }: BuiltRow, missing: string, end: ClientEnd): Finding {
  const { laidOut, releases } = row;
  const wanted = fillIn(missing, { version: laidOut.version, release: releases[0] ?? '' });
  if (end.kind === 'installed') return { problems: [`expected dnf to miss ${wanted}`] };
  const found = [...end.said.matchAll(/nothing provides (.+?) needed by/g)].map(([, name]) => name);
  if (found.length === 0 || found.some((name) => name !== wanted)) {
    return { problems: [`expected dnf to miss ${wanted}, found: ${end.said}`] };
  }
  return { problems: [], note: `no: nothing provides ${wanted}` };
}

function judgeInstall({ row, packages, newBuild }: BuiltRow, end: ClientEnd): Finding {
  if (end.kind === 'refused') return { problems: [`dnf: ${end.said}`] };
  const [first = '', second = ''] = row.releases;
  const of = (release: string): readonly PublishedPackage[] =>
    packages.filter((found) => found.release === release && found.hasModules);
  const isKept = newBuild === 'stands-beside';
  const problems = [
    ...findMissing(end.older, of(first)),
    ...findMissing(end.newer, of(second)),
    ...of(first)
      .filter(({ nevra }) => end.newer.packages.has(nevra) !== isKept)
      .map(
        ({ nevra }) => `expected ${nevra} to be ${isKept ? 'kept' : 'replaced'}, found otherwise`,
      ),
    ...findWrongModules(end.older, row, first),
    ...findWrongModules(end.newer, row, second),
  ];
  return { problems, note: isKept ? 'yes, beside' : 'yes, replaced' };
}

function findMissing(state: ClientState, wanted: readonly PublishedPackage[]): readonly string[] {
  return wanted
    .filter(({ nevra }) => !state.packages.has(nevra))
    .map(({ nevra }) => `expected ${nevra} to be installed, found it missing`);
}

/** Also of modules that are linked only now. */
function findWrongModules(state: ClientState, row: Row, release: string): readonly string[] {
  const { modules }: CorpusSpec = row.laidOut.spec;
  const base = `/lib/modules/${release}/${row.form.directory}/`;
  return modules.flatMap((name) => {
    const form = new RegExp(`/${name}\\.ko(?:\\.xz)?$`);
    const [path, builtFor] =
      [...state.modules].find(([found]) => found.startsWith(base) && form.test(found)) ?? [];
    if (path === undefined) return [`expected ${name} below ${base}, found none`];
    return builtFor === release ? [] : [`${path}: expected vermagic ${release}, found ${builtFor}`];
  });
}
