import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

/** Folder → folders that it may import values from. `import type` is free, except in the model. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  kabi: ['model'],
  rpm: ['model'],
  plan: ['model', 'kabi', 'rpm'],
  report: ['model', 'plan'],
  // Deviates from design.md: see docs/decisions/0002.
  workflows: ['model', 'plan', 'kabi', 'rpm', 'report'],
  containers: ['model'],
  config: ['model'],
  activities: ['model', 'kabi', 'rpm', 'plan', 'report', 'containers'],
  cli: [
    'model',
    'kabi',
    'rpm',
    'plan',
    'report',
    'workflows',
    'activities',
    'containers',
    'config',
  ],
};

const PURE = new Set(['model', 'kabi', 'rpm', 'plan', 'report']);
const IMPORT = /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gm;

const root = new URL('..', import.meta.url).pathname;

interface Arrow {
  readonly file: string;
  readonly folder: string;
  readonly isType: boolean;
  readonly specifier: string;
}

async function readArrows(folder: string): Promise<readonly Arrow[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
  const arrows = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(root, file), 'utf8');
      return [...text.matchAll(IMPORT)].map(([, type, specifier = '']) => ({
        file,
        folder,
        isType: type !== undefined,
        specifier,
      }));
    }),
  );
  return arrows.flat();
}

function folderOf({ file, specifier }: Arrow): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(root, join(root, dirname(file), specifier)).split('/')[0];
}

for (const [folder, allowed] of Object.entries(ALLOWED)) {
  test(`${folder}/ imports only what the design allows`, async () => {
    const arrows = await readArrows(folder);
    const bad = arrows.filter((arrow) => {
      const target = folderOf(arrow);
      if (target === undefined || target === folder) return false;
      return arrow.isType ? folder === 'model' : !allowed.includes(target);
    });

    assert.ok(arrows.length > 0 || folder === 'model', `no import was found in ${folder}/`);
    assert.deepEqual(bad, []);
  });
}

test('pure folders import nothing of Node', async () => {
  const arrows = (await Promise.all([...PURE].map(readArrows))).flat();

  assert.deepEqual(
    arrows.filter(({ specifier }) => specifier.startsWith('node:') || specifier === 'zod'),
    [],
  );
});

test('workflows/ imports neither Node, zod nor activities as values', async () => {
  const arrows = await readArrows('workflows');

  assert.deepEqual(
    arrows.filter(
      ({ specifier, isType }) =>
        !isType && (specifier.startsWith('node:') || /^zod|activities/.test(specifier)),
    ),
    [],
  );
});

test('only cli/ and lab/ touch the process and the console', async () => {
  const folders = Object.keys(ALLOWED).filter((folder) => folder !== 'cli');
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(join(root, folder), { recursive: true });
    for (const name of names.filter((entry) => entry.endsWith('.ts'))) {
      const text = await readFile(join(root, folder, name), 'utf8');
      if (/\bconsole\.\w|\bprocess\.(?:argv|exit|stdout|stderr|stdin|on)\b/.test(text)) {
        found.push(`${folder}/${name}`);
      }
    }
  }

  assert.deepEqual(found, []);
});
