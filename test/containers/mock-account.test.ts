import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseIsolation } from '../../containers/mock/choose-isolation.ts';
import { type AccountFacts, findMockAccount } from '../../containers/mock/mock-account.ts';

const FACTS: AccountFacts = {
  uid: 1000,
  gids: [1000, 135],
  environment: {},
  group: 'root:x:0:\nmockers:x:7:eve\nmock:x:135:alice,bob\n',
  passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:\nbob:x:1002:1002::/home/bob:\n',
};

const ROOT = { uid: 0, gids: [0] } as const;
const asUser = (uid: number, gid: number): object => ({
  kind: 'usable',
  uid,
  gid,
  environment: { SUDO_UID: String(uid), SUDO_GID: String(gid) },
});

const ACCOUNTS: readonly (readonly [string, Partial<AccountFacts>, object])[] = [
  ['a member as it is', {}, { kind: 'usable', uid: 1000, gid: 135, environment: {} }],
  [
    'root as whom sudo names',
    { ...ROOT, environment: { SUDO_UID: '1001', SUDO_GID: '1001' } },
    asUser(1001, 1001),
  ],
  ['plain root as the first member that exists', ROOT, asUser(1002, 135)],
  ['plain root as nobody without members', { ...ROOT, group: 'mock:x:135:' }, asUser(65534, 135)],
  [
    'root that sudo calls root as a member',
    { ...ROOT, environment: { SUDO_UID: '0', SUDO_GID: '0' } },
    asUser(1002, 135),
  ],
];

for (const [name, changes, expected] of ACCOUNTS) {
  test(`findMockAccount() runs mock for ${name}`, () => {
    assert.deepEqual(findMockAccount({ ...FACTS, ...changes }), expected);
  });
}

test('findMockAccount() refuses who is no member, a machine without the group, and root without user', () => {
  const of = (changes: Partial<AccountFacts>): string => {
    const account = findMockAccount({ ...FACTS, ...changes });
    return account.kind === 'unusable' ? `${account.problem} → ${account.remedy}` : 'usable';
  };

  assert.match(of({ gids: [1000] }), /user 1000 is not in the group "mock" → run "usermod/);
  assert.match(of({ group: 'mockers:x:135:alice' }), /there is no group "mock"/);
  assert.match(of({ ...ROOT, passwd: '' }), /refuses to run as plain root/);
});

const UNSHARE = ['unshare', '--net', '--'];
const BARE = { hasSystemd: false, hasNspawn: false, canUnshareNetwork: false };
const SYSTEMD = { ...BARE, hasSystemd: true, hasNspawn: true };
const CONTAINER = { ...BARE, canUnshareNetwork: true };

test('chooseIsolation() takes nspawn where systemd runs, else a namespace of its own', () => {
  const nspawn = { kind: 'nspawn', offlineWrapper: [] };
  const simple = { kind: 'simple', offlineWrapper: UNSHARE };

  assert.deepEqual(chooseIsolation('auto', { ...SYSTEMD, canUnshareNetwork: true }), nspawn);
  assert.deepEqual(chooseIsolation('auto', CONTAINER), simple);
  assert.deepEqual(chooseIsolation('auto', { ...CONTAINER, hasNspawn: true }), simple);
  assert.deepEqual(chooseIsolation('simple', { ...SYSTEMD, canUnshareNetwork: true }), simple);
});

test('chooseIsolation() refuses rather than let a build reach the network', () => {
  for (const [wanted, facts, words] of [
    ['auto', BARE, /would reach the network/],
    ['simple', SYSTEMD, /would reach the network/],
    ['nspawn', { ...CONTAINER, hasNspawn: true }, /needs systemd/],
    ['nspawn', { ...CONTAINER, hasSystemd: true }, /"systemd-nspawn" is not on PATH/],
  ] as const) {
    const isolation = chooseIsolation(wanted, facts);

    assert.match(isolation.kind === 'unusable' ? isolation.problem : isolation.kind, words);
  }
});
