import assert from 'node:assert/strict';
import test from 'node:test';
import { type GateRules, NO_RULES } from '../../model/gate.ts';
import { changeRules } from '../../plan/change-rules.ts';
import {
  findFormFault,
  findRequestFault,
  type GateAction,
  type SignedRequest,
} from '../../plan/check-gate-request.ts';
import { findKmodFreeze } from '../../plan/find-kmod-freeze.ts';

const NOW = '2026-11-23T12:00:00.000Z';
const LATER = '2026-11-24T12:00:00.000Z';
const SIGNED = { why: 'because', by: 'ada' };
const AT = { ...SIGNED, at: NOW };
const WAIVER = { ...AT, release: 'k1', kmod: 'zfs', until: LATER };

test('changeRules() replaces what it was told before about the same thing', () => {
  const change = (rules: GateRules, until: string): GateRules =>
    changeRules(rules, { kind: 'waive', waiver: { ...WAIVER, until } });
  const frozen = changeRules(NO_RULES, {
    kind: 'freeze',
    freeze: { ...AT, subject: { kind: 'kmod', kmod: 'zfs' } },
  });
  const again = changeRules(frozen, {
    kind: 'freeze',
    freeze: { ...AT, by: 'bob', subject: { kind: 'kmod', kmod: 'zfs' } },
  });
  const ordered = (['promote', 'recall'] as const).reduce(
    (rules, kind) => changeRules(rules, { kind: 'order', order: { ...AT, release: 'k1', kind } }),
    NO_RULES,
  );

  assert.deepEqual(change(change(NO_RULES, NOW), LATER).waivers, [WAIVER]);
  assert.deepEqual(
    again.freezes.map(({ by }) => by),
    ['bob'],
  );
  assert.deepEqual(
    ordered.orders.map(({ kind }) => kind),
    ['recall'],
  );
});

test('changeRules() takes back a waiver and a freeze, and no other', () => {
  const subjects = [
    { kind: 'stream' },
    { kind: 'kernel', release: 'k1' },
    { kind: 'kmod', kmod: 'k1' },
  ] as const;
  const frozen = subjects.reduce(
    (rules, subject) => changeRules(rules, { kind: 'freeze', freeze: { ...AT, subject } }),
    NO_RULES,
  );
  const waived = changeRules(NO_RULES, { kind: 'waive', waiver: WAIVER });

  for (const subject of subjects) {
    const { freezes } = changeRules(frozen, { kind: 'thaw', subject });
    assert.deepEqual(
      freezes.map((freeze) => freeze.subject),
      subjects.filter((other) => other !== subject),
    );
  }
  const unwaive = { kind: 'unwaive', release: 'k1' } as const;
  assert.deepEqual(changeRules(waived, { ...unwaive, kmod: 'zfs' }).waivers, []);
  assert.deepEqual(changeRules(waived, { ...unwaive, kmod: 'jool' }).waivers, [WAIVER]);
});

const BAD_FORMS: readonly (readonly [string, GateAction, SignedRequest, RegExp])[] = [
  [
    'an empty reason',
    'waive',
    { ...SIGNED, why: ' ' },
    /^Cannot waive: expected "why" of 1 to 500/,
  ],
  ['an endless reason', 'waive', { ...SIGNED, why: 'x'.repeat(501) }, /found 501$/],
  ['nobody', 'recall', { ...SIGNED, by: '' }, /^Cannot recall: expected "by"/],
  ['an end that has passed', 'freeze', { ...SIGNED, until: NOW }, /expected an end in the future/],
  ['an end that is none', 'freeze', { ...SIGNED, until: 'tomorrow' }, /expected a moment such as/],
  ['a day that is none', 'waive', { ...SIGNED, until: '2026-13-45T00:00:00.000Z' }, /a moment/],
];

for (const [what, action, request, message] of BAD_FORMS) {
  test(`findFormFault() refuses ${what}`, () => {
    assert.match(findFormFault(action, request, NOW) ?? '', message);
  });
}

test('findFormFault() accepts a request in order', () => {
  assert.equal(findFormFault('waive', { ...SIGNED, until: LATER }, NOW), undefined);
});

const KNOWLEDGE = {
  stream: 'lab',
  kernels: [
    { release: 'k1', state: 'released' },
    { release: 'k2', state: 'held' },
  ],
  kmods: ['zfs'],
  rules: NO_RULES,
} as const;

const BAD_REQUESTS: readonly (readonly [string, GateAction, Partial<SignedRequest>, RegExp])[] = [
  [
    'an unknown kernel',
    'promote',
    { release: 'k9' },
    /expected a kernel of stream "lab" \(k1, k2\)/,
  ],
  [
    'an unknown kmod',
    'waive',
    { release: 'k2', kmod: 'x' },
    /expected a kmod of stream "lab" \(zfs\)/,
  ],
  ['a freeze of an unknown kernel', 'freeze', { subject: { kind: 'kernel', release: 'k9' } }, /k9/],
  ['a freeze of an unknown kmod', 'freeze', { subject: { kind: 'kmod', kmod: 'x' } }, /"x"/],
  ['a promotion of what is released', 'promote', { release: 'k1' }, /found one that is released/],
  ['a recall of what is held', 'recall', { release: 'k2' }, /found one that is held/],
  ['to take back no waiver', 'unwaive', { release: 'k1', kmod: 'zfs' }, /found none$/],
  ['to thaw what is not frozen', 'thaw', { subject: { kind: 'stream' } }, /found that it is not$/],
];

for (const [what, action, request, message] of BAD_REQUESTS) {
  test(`findRequestFault() refuses ${what}`, () => {
    const fault = findRequestFault(action, { ...SIGNED, ...request }, KNOWLEDGE);

    assert.match(fault ?? '', message);
  });
}

test('findRequestFault() accepts what fits the gate', () => {
  const check = (action: GateAction, request: Partial<SignedRequest>, rules = NO_RULES) =>
    findRequestFault(action, { ...SIGNED, ...request }, { ...KNOWLEDGE, rules });
  const subject = { kind: 'kmod', kmod: 'zfs' } as const;

  assert.equal(check('waive', { release: 'k2', kmod: 'zfs' }), undefined);
  assert.equal(check('promote', { release: 'k2' }), undefined);
  assert.equal(check('recall', { release: 'k1' }), undefined);
  assert.equal(check('fastLane', { release: 'k2' }), undefined);
  assert.equal(check('freeze', { subject }), undefined);
  assert.equal(
    check('thaw', { subject }, { ...NO_RULES, freezes: [{ ...AT, subject }] }),
    undefined,
  );
  const waivers = [WAIVER];
  assert.equal(
    check('unwaive', { release: 'k1', kmod: 'zfs' }, { ...NO_RULES, waivers }),
    undefined,
  );
});

test('findKmodFreeze() says who froze a kmod, until when and why', () => {
  const freeze = { ...AT, subject: { kind: 'kmod', kmod: 'zfs' } as const, until: LATER };
  const rules: GateRules = {
    ...NO_RULES,
    freezes: [{ ...AT, subject: { kind: 'stream' } }, freeze],
  };

  assert.equal(findKmodFreeze(rules, 'zfs'), `by ada until ${LATER}: because`);
  assert.equal(findKmodFreeze(rules, 'jool'), undefined);
});
