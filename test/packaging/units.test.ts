import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const UNITS = new URL('../../packaging/systemd/', import.meta.url);
/** What systemd-analyze calls OK ends at 2.0, and it prints ten times that. */
const WORST_EXPOSURE = '20';

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const skip = hasAnalyze ? false : 'systemd-analyze is not installed';

test('the units are understood by systemd and give little away', { skip }, async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'rekmod-units-'));
  t.after(() => rm(scratch, { recursive: true }));
  const names = (await readdir(UNITS)).filter((name) => name.endsWith('.service'));
  assert.deepEqual(names.toSorted(), ['rekmod-signer.service', 'rekmod.service']);
  for (const name of names) {
    const text = await readFile(new URL(name, UNITS), 'utf8');
    // The program is not installed here; everything else is as shipped.
    await writeFile(join(scratch, name), text.replaceAll('/usr/bin/rekmod', '/bin/true'));
  }

  const paths = names.map((name) => join(scratch, name));
  const verified = spawnSync('systemd-analyze', ['verify', ...paths], { encoding: 'utf8' });
  assert.equal(verified.stderr, '');
  assert.equal(verified.status, 0);
  for (const path of paths) {
    const rated = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', `--threshold=${WORST_EXPOSURE}`, path],
      { encoding: 'utf8' },
    );
    assert.equal(rated.status, 0, rated.stdout.slice(-500));
  }
});

test('the signer is another user than rekmod and writes to its own folder only', async () => {
  const signer = await readFile(new URL('rekmod-signer.service', UNITS), 'utf8');
  const up = await readFile(new URL('rekmod.service', UNITS), 'utf8');
  const users = [signer, up].map((text) => /^User=(.*)$/m.exec(text)?.[1]);

  assert.deepEqual(users, ['rekmod-sign', 'rekmod']);
  assert.match(signer, /^ProtectSystem=strict$/m);
  assert.deepEqual(signer.match(/^(ReadWritePaths|StateDirectory|CacheDirectory)=.*$/gm), [
    'ReadWritePaths=/var/lib/rekmod/signing',
  ]);
  const sysusers = await readFile(new URL('rekmod.sysusers', UNITS), 'utf8');
  for (const user of users) assert.match(sysusers, new RegExp(`^u ${user} `, 'm'));
});
