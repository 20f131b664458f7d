import assert from 'node:assert/strict';
import test from 'node:test';
import { listUnverifiedTargets } from '../../cli/unverified-targets.ts';
import type { Target } from '../../model/settings.ts';
import { settingsOf } from '../support/data-rig.ts';

test('listUnverifiedTargets() names targets in use that have repositories and no keys', () => {
  const [stream] = settingsOf().streams;
  const [target] = settingsOf().targets;
  assert.ok(stream && target);
  const repositories = { base: 'https://example.org/' };
  const targets: readonly Target[] = [
    { ...target, name: 'own' },
    { ...target, name: 'bare', repositories },
    { ...target, name: 'keyed', repositories, gpgKeys: ['/key.asc'] },
    { ...target, name: 'unused', repositories },
  ];
  const streams = ['own', 'bare', 'keyed'].map((name) => ({ ...stream, target: name }));

  assert.deepEqual(listUnverifiedTargets({ streams, targets }), ['bare']);
});
