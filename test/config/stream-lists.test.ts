import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadSettings } from '../../config/load-settings.ts';
import { makeScratch } from '../support/scratch.ts';

test('loadSettings() finds a stream’s lists beside the file, also those of the stream it is like', async () => {
  await using scratch = await makeScratch();
  for (const name of ['stable', 'severities', 'own']) await writeFile(scratch.at(name), '');
  const file = scratch.at('rekmod.yaml');
  await writeFile(
    file,
    `streams:
  a: { like: lab, urls: ["file:///a"], stablelist: stable, severities: severities }
  b: { like: a, stablelist: own }
`,
  );

  const { streams } = await loadSettings(file);

  assert.deepEqual(
    streams.map(({ name, stablelist, severities }) => [name, stablelist, severities]),
    [
      ['a', scratch.at('stable'), scratch.at('severities')],
      ['b', scratch.at('own'), scratch.at('severities')],
    ],
  );
});

test('loadSettings() says which list is missing, and where the file names it', async () => {
  await using scratch = await makeScratch();
  const file = scratch.at('rekmod.yaml');
  await writeFile(file, 'streams:\n  lab: { urls: ["file:///a"], stablelist: nowhere }\n');

  await assert.rejects(loadSettings(file), {
    message: new RegExp(`:2:43: missing file "${scratch.at('nowhere')}": found nothing`),
  });
});
