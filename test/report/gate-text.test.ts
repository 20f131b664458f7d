import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GatedKernel, type GateListing, NO_RULES } from '../../model/gate.ts';
import { findServedState } from '../../report/describe-wait.ts';
import { describeRules, describeView, gateMarkdown } from '../../report/gate-markdown.ts';
import { gateToText } from '../../report/gate-text.ts';
import { sizeOf } from '../../report/text-size.ts';
import { published } from './sample-status.ts';

const NOW = '2026-11-23T12:00:00.000Z';
const SIGNED = { why: 'CVE-2026-1', by: 'ada', at: NOW };

function kernelOf(release: string, state: GatedKernel['state'], reason: string): GatedKernel {
  return { release, state, reason, since: NOW, waitsFor: [] };
}

const RECORD: GateListing = {
  schema: 1,
  waitingForDevel: ['5.14.0-3'],
  stream: 'lab',
  decidedAt: NOW,
  kernels: [
    kernelOf('5.14.0-1', 'released', 'all 2 required kmods are there'),
    { ...kernelOf('5.14.0-2', 'held', 'waits for zfs (build failed)'), fastLane: 'critical' },
  ],
  rules: {
    waivers: [{ ...SIGNED, release: '5.14.0-2', kmod: 'jool', until: '2026-12-24T12:00:00.000Z' }],
    freezes: [
      { ...SIGNED, subject: { kind: 'kmod', kmod: 'zfs' } },
      { ...SIGNED, subject: { kind: 'stream' }, until: '2026-12-01T00:00:00.000Z' },
    ],
    fastLane: [{ ...SIGNED, release: '5.14.0-2' }],
    orders: [],
  },
  view: { kind: 'served', snapshot: '000003', releases: ['5.14.0-1'], packageCount: 7, at: NOW },
};

test('gateToText() shows the newest kernel first, with its reason, and what people decided', () => {
  assert.equal(
    gateToText(RECORD, { color: false, columns: 100 }),
    `Gate of lab
The gated repository lists kernels up to 5.14.0-1, 7 packages (snapshot 000003).

5.14.0-3  held: no kernel-devel yet
5.14.0-2  held      since 2026-11-23 12:00 UTC  fast lane (critical)
  waits for zfs (build failed)
5.14.0-1  released  since 2026-11-23 12:00 UTC
  all 2 required kmods are there

Decided by people
jool is waived from 5.14.0-2 on by ada until 2026-12-24 12:00 UTC: CVE-2026-1
zfs is frozen by ada: CVE-2026-1
the stream is frozen by ada until 2026-12-01 00:00 UTC: CVE-2026-1
5.14.0-2 is in the fast lane by ada: CVE-2026-1
`,
  );
});

test('gateToText() lets nobody’s reason reach the terminal', () => {
  const kernels = [kernelOf('k\u001b[31m', 'recalled', 'because\u001b]0;x')];

  const text = gateToText({ ...RECORD, kernels }, { color: false, columns: 100 });

  assert.equal(text.includes('\u001b'), false);
});

test('describeView() says what is served, that nothing is, and what went wrong', () => {
  assert.equal(describeView(undefined), 'The gated repository is not written yet');
  assert.match(
    describeView({ kind: 'failed', reason: 'mirror answered 503', at: NOW }),
    /^The gated repository could not be written \(.*\): mirror answered 503$/,
  );
  assert.match(
    describeView({ kind: 'served', snapshot: '1', releases: [], packageCount: 5, at: NOW }),
    /lists no kernel, 5 packages/,
  );
});

test('gateMarkdown() escapes what people wrote and stays within what Temporal takes', () => {
  const kernels = Array.from({ length: 300 }, (_, index) =>
    kernelOf(`5.14.0-${index}`, 'held', `<b>|${'ä'.repeat(300)}`),
  );
  const waivers = Array.from({ length: 100 }, () => ({
    ...{ ...SIGNED, why: 'ö'.repeat(400), release: 'k', kmod: 'zfs', until: NOW },
  }));

  const text = gateMarkdown({ kernels, rules: { ...NO_RULES, waivers } });

  assert.ok(sizeOf(text) <= 16_000, `${sizeOf(text)} bytes`);
  assert.doesNotMatch(text, /<b>/);
  assert.match(text, /5\.14\.0-299/);
  assert.match(text, /… and \d+ older kernels/);
  assert.equal(describeRules({ ...NO_RULES, waivers }).length, 100);
});

const VERDICT = { kind: 'rebuild', why: 'never-built' } as const;

test('findServedState() counts what is served, whatever failed since', () => {
  const lastBuild = published(1000);
  assert.ok(lastBuild.kind === 'published');
  const outcome = { kind: 'failed', step: 'build', reason: 'x', durationMs: 1 } as const;

  assert.equal(findServedState({ verdict: VERDICT, outcome, lastBuild }, undefined).state, 'built');
  assert.deepEqual(findServedState({ verdict: VERDICT, outcome }, undefined), {
    state: 'failed',
    why: 'build failed',
  });
});

test('findServedState() tells of a cell without an end what is planned', () => {
  assert.equal(findServedState(undefined, undefined).state, 'unknown');
  assert.equal(findServedState(undefined, VERDICT).state, 'waiting');
  const keep = { kind: 'keep', why: 'built-for-this-kernel' } as const;
  assert.equal(findServedState(undefined, keep).state, 'unknown');
});

test('findServedState() says why a cell is excluded', () => {
  const frozen = { kind: 'excluded', why: 'frozen', limit: 'by ada: x' } as const;
  const outcome = { kind: 'excluded' } as const;

  assert.equal(findServedState({ verdict: frozen, outcome }, undefined).why, 'frozen by ada: x');
  const old = { ...frozen, why: 'kernel-too-old' } as const;
  assert.equal(
    findServedState({ verdict: old, outcome }, undefined).why,
    'out of its kernel range',
  );
});
