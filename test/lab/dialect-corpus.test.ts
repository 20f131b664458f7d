import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client, ClientEnd, ClientState } from '../../lab/dialects/client.ts';
import { CORPUS } from '../../lab/dialects/corpus.ts';
import { type CorpusSpec, fillIn } from '../../lab/dialects/corpus-spec.ts';
import { judgeInstalls } from '../../lab/dialects/judge-install.ts';
import { describeCorpus, describeSummary, summarize } from '../../lab/dialects/report.ts';
import type { BuiltRow, Finding, JudgedRow } from '../../lab/dialects/row.ts';
import { dialectNames } from '../../rpm/spec.ts';

const FINE: Finding = { problems: [] };
const BAD: Finding = { problems: ['something'] };
const OLD = '6.1.0-54.el12.x86_64';
const NEW = '6.1.0-55.el12.x86_64';

/** A row of two kernels as rekmod would have built it. */
function makeRow(changes: Partial<CorpusSpec> = {}): BuiltRow {
  const form = { dialect: 'elrepo', packages: ['kmod-a'], directory: 'extra/a' };
  const spec = { name: 'a', kmod: 'a', modules: ['a'], forms: { el: form }, ...changes };
  const packages = [OLD, NEW].map((release) => ({
    release,
    fileName: `kmod-a-${release}.rpm`,
    name: 'kmod-a',
    nevra: `kmod-a-${release}`,
    hasModules: true,
  }));
  return {
    row: {
      laidOut: { spec, path: '/a.spec', text: '', version: '1' },
      form,
      distribution: 'el',
      releases: [OLD, NEW],
    },
    detected: FINE,
    built: FINE,
    verified: FINE,
    packages,
    newBuild: 'replaces',
  };
}

function machineWith(releases: readonly string[], builtFor?: string): ClientState {
  return {
    packages: new Set(releases.map((release) => `kmod-a-${release}`)),
    modules: new Map(
      releases.map((release) => [`/lib/modules/${release}/extra/a/a.ko`, builtFor ?? release]),
    ),
  };
}

async function judgeOne(row: BuiltRow, end: ClientEnd): Promise<Finding | undefined> {
  const client: Client = async () => end;
  const [finding] = await judgeInstalls([row], client);
  return finding;
}

test('the corpus has specs of every dialect', () => {
  const dialects = CORPUS.flatMap(({ forms }) => Object.values(forms)).map(
    ({ dialect }) => dialect,
  );
  assert.deepEqual([...new Set(dialects)].sort(), dialectNames().toSorted());
});

test('fillIn() writes a kernel as each distribution does', () => {
  const of = (text: string, release: string): string => fillIn(text, { version: '1.2', release });
  assert.equal(of('{version} {bare} {plain} {sig}', OLD), '1.2 6.1.0-54.el12 6.1.0-54 6.1.0~54');
  assert.equal(of('{version}_k{kmp}', '6.1.0-54.1.1-default'), '1.2_k6.1.0_54.1.1');
});

test('judgeInstalls() accepts a package that dnf replaces, where the dialect says so', async () => {
  const end: ClientEnd = {
    kind: 'installed',
    older: machineWith([OLD]),
    newer: machineWith([NEW]),
  };
  assert.deepEqual(await judgeOne(makeRow(), end), { problems: [], note: 'yes, replaced' });

  const other = await judgeOne({ ...makeRow(), newBuild: 'stands-beside' }, end);
  assert.match(other?.problems[0] ?? '', /expected kmod-a-6\.1\.0-54.* to be kept/);
});

test('judgeInstalls() finds a module of another kernel, and one that is not there', async () => {
  const wrong = await judgeOne(makeRow(), {
    kind: 'installed',
    older: machineWith([OLD]),
    newer: machineWith([NEW], OLD),
  });
  assert.match(wrong?.problems.join() ?? '', /expected vermagic 6\.1\.0-55\S+, found 6\.1\.0-54/);

  const none = await judgeOne(makeRow({ modules: ['b'] }), {
    kind: 'installed',
    older: machineWith([OLD]),
    newer: machineWith([NEW]),
  });
  assert.equal(none?.problems.length, 2);
});

test('judgeInstalls() lets dnf miss what the corpus says, and nothing else', async () => {
  const said = 'Error:\n - nothing provides zfs = 1 needed by kmod-a-1.x86_64 from rekmod';
  const row = makeRow({ missing: 'zfs = {version}' });

  assert.deepEqual(await judgeOne(row, { kind: 'refused', said }), {
    problems: [],
    note: 'no: nothing provides zfs = 1',
  });
  const other = said.replace('zfs = 1', 'kernel(printk) = 0x1');
  assert.equal((await judgeOne(row, { kind: 'refused', said: other }))?.problems.length, 1);
  assert.equal((await judgeOne(makeRow(), { kind: 'refused', said }))?.problems.length, 1);
});

test('summarize() counts a dialect as failed if any of its specs failed in any way', () => {
  const fine: JudgedRow = { ...makeRow(), installed: FINE };
  const count = (changes: Partial<JudgedRow>): string =>
    describeSummary(summarize({ rows: [fine, { ...fine, ...changes }], refused: [] }));

  assert.equal(count({}), 'dialects: 1, built: 1, verified: 1, failed: 0');
  assert.equal(count({ detected: BAD }), 'dialects: 1, built: 1, verified: 1, failed: 1');
  assert.equal(count({ built: BAD }), 'dialects: 1, built: 0, verified: 0, failed: 1');
  assert.equal(count({ verified: BAD }), 'dialects: 1, built: 1, verified: 0, failed: 1');
  assert.equal(count({ installed: BAD }), 'dialects: 1, built: 1, verified: 1, failed: 1');
});

test('summarize() counts a spec that was not refused against its dialect', () => {
  const fine: JudgedRow = { ...makeRow(), installed: FINE };
  const refused = [{ row: fine.row, finding: BAD }];

  assert.equal(summarize({ rows: [fine], refused }).failed, 1);
  assert.match(describeCorpus({ rows: [fine], refused }), /NOT REFUSED[\s\S]*a: something/);
});
