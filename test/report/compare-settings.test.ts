import assert from 'node:assert/strict';
import test from 'node:test';
import type { Kmod } from '../../model/kmod.ts';
import {
  compareSettings,
  keepStartingSections,
  listChangedKmods,
} from '../../report/compare-settings.ts';
import { settingsChangesToText } from '../../report/settings-changes-text.ts';
import { settingsOf, streamOf } from '../support/data-rig.ts';

const JOOL: Kmod = {
  name: 'jool',
  source: { kind: 'spec', spec: '/srv/jool.spec', sources: '/srv' },
  dialect: 'auto',
  streams: ['lab'],
  required: false,
};

test('compareSettings() finds nothing between two readings of the same file', () => {
  const changes = compareSettings(
    settingsOf({ kmods: [JOOL] }),
    settingsOf({ kmods: [{ ...JOOL }] }),
  );

  assert.deepEqual(changes, { taken: [], needsRestart: [] });
  assert.equal(settingsChangesToText(changes), 'Nothing has changed');
});

test('compareSettings() tells kmods that came, went and changed', () => {
  const other = { ...JOOL, name: 'ovpn' };
  const gone = { ...JOOL, name: 'gone' };
  const changed = { ...JOOL, required: true, streams: ['lab', 'el9'], owner: 'net team' };

  const { taken } = compareSettings(
    settingsOf({ kmods: [JOOL, gone] }),
    settingsOf({ kmods: [other, changed] }),
  );

  assert.deepEqual(taken, [
    '- kmod gone',
    '+ kmod ovpn (source.kind: spec, source.spec: /srv/jool.spec, source.sources: /srv, streams: lab)',
    '~ kmod jool: streams: + el9',
    '~ kmod jool: required: no → yes',
    '~ kmod jool: owner: net team',
  ]);
  assert.deepEqual(
    listChangedKmods(settingsOf({ kmods: [JOOL, gone] }), settingsOf({ kmods: [other, JOOL] })),
    ['ovpn'],
  );
});

test('compareSettings() writes times and sizes as the configuration does, and tells what is not set any more', () => {
  const gate = {
    repository: 'gated',
    graceMs: 7_200_000,
    packages: 'upstream',
    fastLane: { severities: [], skip: 'optional' },
  } as const;
  const before = settingsOf({ streams: [streamOf({ gate, stablelist: '/etc/list' })] });
  const limits = { ...before.limits, buildTimeoutMs: 90_000, logBytes: 3 * 1024 ** 2 };
  const after = settingsOf({
    streams: [streamOf({ gate: { ...gate, graceMs: 0 }, pollIntervalMs: 60_000 })],
    limits,
  });

  assert.deepEqual(compareSettings(before, after).taken, [
    '~ stream lab: pollInterval: 15m → 1m',
    '~ stream lab: gate.grace: 2h → 0',
    '~ stream lab: stablelist: /etc/list → not set',
    `~ limits.buildTimeout: ${before.limits.buildTimeoutMs / 60_000}m → 90s`,
    `~ limits.log: ${before.limits.logBytes / 1024 ** 2}MiB → 3MiB`,
  ]);
});

test('compareSettings() sets apart what only the next start takes', () => {
  const before = settingsOf();
  const after = settingsOf({
    server: { ...before.server, port: 80 },
    sources: { ...before.sources, pollIntervalMs: 60_000 },
    signing: { ...before.signing, keyId: 'AB' },
  });

  const changes = compareSettings(before, after);

  assert.deepEqual(changes.taken, ['~ sources.pollInterval: 15m → 1m']);
  assert.deepEqual(changes.needsRestart, ['~ server.port: 8470 → 80', '~ signing.keyId: AB']);
  assert.match(settingsChangesToText(changes), /^Only the next start takes:\n {2}~ server\.port/mu);
  const kept = keepStartingSections(before, after);
  assert.deepEqual(kept, { ...after, server: before.server, signing: before.signing });
});

test('compareSettings() tells an order that has changed, and cuts what is too long to read', () => {
  const urls = ['https://a', 'https://b'];
  const turned = compareSettings(
    settingsOf({ streams: [streamOf({ urls })] }),
    settingsOf({ streams: [streamOf({ urls: urls.toReversed() })] }),
  );
  const long = compareSettings(
    settingsOf({ kmods: [JOOL] }),
    settingsOf({ kmods: [{ ...JOOL, owner: 'x'.repeat(5000) }] }),
  );

  assert.deepEqual(turned.taken, ['~ stream lab: urls: now in the order https://b, https://a']);
  assert.ok((long.taken[0] ?? '').length < 200);
});
