import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataDirectory } from '../../config/data-directory.ts';
import { findConfig, listConfigCandidates } from '../../config/find-config.ts';
import { ConfigNotFoundError } from '../../model/config-errors.ts';

const folder = await mkdtemp(join(tmpdir(), 'rekmod-find-'));
after(() => rm(folder, { recursive: true }));
const workingDirectory = join(folder, 'work');
const xdg = join(folder, 'xdg');
await mkdir(workingDirectory);
await mkdir(join(xdg, 'rekmod'), { recursive: true });
await writeFile(join(xdg, 'rekmod/rekmod.yaml'), '');

test('listConfigCandidates() looks in the working directory, the XDG folder and /etc', () => {
  const environment = { HOME: '/home/u' };

  assert.deepEqual(listConfigCandidates({ environment, workingDirectory: '/w' }), [
    '/w/rekmod.yaml',
    '/home/u/.config/rekmod/rekmod.yaml',
    '/etc/rekmod/rekmod.yaml',
  ]);
});

test('listConfigCandidates() tries nothing but a file that was named', () => {
  const environment = { REKMOD_CONFIG: 'b.yaml', HOME: '/home/u' };
  const workingDirectory = '/w';

  assert.deepEqual(listConfigCandidates({ environment, workingDirectory }), ['/w/b.yaml']);
  assert.deepEqual(
    listConfigCandidates({ explicitPath: '/a.yaml', environment, workingDirectory }),
    ['/a.yaml'],
  );
});

test('listConfigCandidates() ignores empty variables and relative XDG folders', () => {
  const environment = { REKMOD_CONFIG: '', XDG_CONFIG_HOME: 'x', HOME: '' };

  assert.deepEqual(listConfigCandidates({ environment, workingDirectory: '/w' }), [
    '/w/rekmod.yaml',
    '/etc/rekmod/rekmod.yaml',
  ]);
});

test('findConfig() returns the first file that exists', async () => {
  const environment = { XDG_CONFIG_HOME: xdg };

  const found = await findConfig({ environment, workingDirectory });

  assert.equal(found, join(xdg, 'rekmod/rekmod.yaml'));
});

test('findConfig() reports what was tried', async () => {
  const search = { explicitPath: 'none.yaml', environment: {}, workingDirectory };

  await assert.rejects(findConfig(search), (error) => {
    assert.ok(error instanceof ConfigNotFoundError);
    assert.deepEqual(error.tried, [join(workingDirectory, 'none.yaml')]);
    return true;
  });
});

test('dataDirectory() prefers REKMOD_HOME, then XDG_DATA_HOME, then the home', () => {
  const XDG_DATA_HOME = '/x';

  assert.equal(dataDirectory({ REKMOD_HOME: '/r', XDG_DATA_HOME, HOME: '/h' }), '/r');
  assert.equal(dataDirectory({ XDG_DATA_HOME, HOME: '/h' }), '/x/rekmod');
  assert.equal(dataDirectory({ XDG_DATA_HOME: 'relative', HOME: '/h' }), '/h/.local/share/rekmod');
  assert.equal(dataDirectory({}), '/var/lib/rekmod');
});
