import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadSettings } from '../../config/load-settings.ts';
import { ConfigError } from '../../model/config-errors.ts';

const folder = await mkdtemp(join(tmpdir(), 'rekmod-needs-'));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, 'a.spec'), 'Name: a\n');

const STREAMS =
  'streams:\n  lab:\n    urls: [file:///lab]\n  other:\n    like: lab\n    repository: other\n    urls: [file:///other]\n';

/** What each kmod needs, or the problems that are found. */
async function load(
  kmods: Readonly<Record<string, string>>,
): Promise<readonly string[] | Readonly<Record<string, unknown>>> {
  const entries = Object.entries(kmods).map(
    ([name, rest]) => `  ${name}: { spec: a.spec, ${rest} }`,
  );
  const file = join(folder, 'rekmod.yaml');
  await writeFile(file, `${STREAMS}kmods:\n${entries.join('\n')}\n`);
  try {
    const settings = await loadSettings(file);
    return Object.fromEntries(settings.kmods.map(({ name, needs }) => [name, needs]));
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ sentence }) => sentence);
  }
}

test('loadSettings() reads which kmods must be built first', async () => {
  assert.deepEqual(await load({ a: 'streams: [lab]', b: 'streams: [lab], needs: [a, a]' }), {
    a: undefined,
    b: ['a'],
  });
});

test('loadSettings() takes a cycle, which holds up its members alone', async () => {
  const found = await load({
    a: 'streams: [lab], needs: [b]',
    b: 'streams: [lab], needs: [a]',
  });

  assert.deepEqual(found, { a: ['b'], b: ['a'] });
});

const REFUSED: readonly [needs: string, problem: RegExp][] = [
  ['streams: [lab], needs: [dahdy]', /^unknown kmod "dahdy"/],
  ['streams: [lab], needs: [b]', /^wrong "kmods.b.needs": a kmod cannot need itself$/],
  [
    'streams: [lab, other], needs: [dahdi]',
    /^"b" is built for the stream "other" and needs "dahdi", which is not$/,
  ],
];

for (const [entry, problem] of REFUSED) {
  test(`loadSettings() refuses ${entry}`, async () => {
    const found = await load({ dahdi: 'streams: [lab]', b: entry });

    assert.ok(Array.isArray(found));
    assert.equal(found.length, 1);
    assert.match(found[0], problem);
  });
}
