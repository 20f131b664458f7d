import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadDefinitions } from '../../config/definitions.ts';
import { loadSettings } from '../../config/load-settings.ts';

const folder = await mkdtemp(join(tmpdir(), 'rekmod-definitions-'));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, 'key.asc'), '');
const definitions = await loadDefinitions();

test('loadDefinitions() ships the streams that the manual names, each with its target', () => {
  const names = [
    'almalinux-9',
    'centos-stream-10',
    'centos-stream-9',
    'fedora-44',
    'lab',
    'opensuse-leap-16',
    'opensuse-tumbleweed',
  ];

  assert.deepEqual([...definitions.streams.keys()].sort(), names);
  const mock = names.filter((name) => name !== 'lab').map((name) => `${name}-mock`);
  assert.deepEqual([...definitions.targets.keys()].sort(), [...names, ...mock].sort());
});

test('loadDefinitions() ships each target of a distribution for mock as well', async () => {
  const mock = [...definitions.targets.keys()].filter((name) => name.endsWith('-mock'));
  const file = join(folder, 'mock.yaml');
  await writeFile(file, ['targets:', ...mock.map((name) => `  ${name}:`), ''].join('\n'));

  const { targets } = await loadSettings(file);

  for (const target of targets) {
    assert.equal(target.backend === 'mock' && target.root.endsWith('-x86_64'), true, target.name);
    assert.ok(target.packages.includes('gcc'), target.name);
  }
});

for (const name of definitions.streams.keys()) {
  test(`loadDefinitions() makes ${name} usable as it is, but for keys and the lab's URLs`, async () => {
    const file = join(folder, `${name}.yaml`);
    const urls = name === 'lab' ? 'urls: ["file:///lab"],' : '';
    await writeFile(file, `streams:\n  ${name}: { ${urls} trust: { gpgKeys: [key.asc] } }\n`);

    const { streams, targets } = await loadSettings(file);

    assert.equal(streams[0]?.target, name);
    assert.equal(targets[0]?.name, name);
    assert.equal(
      streams[0]?.family.core,
      name.startsWith('opensuse') ? 'kernel-{flavour}' : 'kernel-core',
    );
    assert.equal(streams[0]?.trust.gpgCheck, name !== 'lab');
  });
}

test('loadDefinitions() asks for a key only where the stream is used, and says from where', async () => {
  const file = join(folder, 'keys.yaml');
  await writeFile(file, 'streams:\n  opensuse-leap-16: {}\n');

  await assert.rejects(
    loadSettings(file),
    /missing file "\/etc\/pki\/rpm-gpg\/RPM-GPG-KEY-openSUSE-2022".*distribution-gpg-keys/,
  );
});
