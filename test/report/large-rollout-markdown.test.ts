import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellEnding } from '../../model/workflow-messages.ts';
import { largeRolloutMarkdown } from '../../report/large-rollout-markdown.ts';
import { sizeOf } from '../../report/text-size.ts';

const ROLLOUT = { release: '5.14.0-611.el9.x86_64', cellCount: 2000 };

test('largeRolloutMarkdown() tells numbers first, then failures, then what is at work', () => {
  const ended = new Map<string, CellEnding>([
    ['a', { kind: 'published' }],
    ['b', { kind: 'failed', reason: 'x.c:1:1: error: <b>' }],
    ['c', { kind: 'published' }],
    ['d', { kind: 'blocked', reason: 'by b' }],
  ]);

  const text = largeRolloutMarkdown({ ...ROLLOUT, ended, running: new Set(['e', 'f']) });

  assert.equal(
    text,
    `**5.14.0-611.el9.x86\\_64**: 4 of 2,000 kmods have ended: 2 published, 1 failed, 1 blocked.

| kmod | what happened |
| --- | --- |
| b | failed: x.c:1:1: error: &#60;b&#62; |
| d | blocked: by b |

At work: e, f`,
  );
});

test('largeRolloutMarkdown() says nothing of what there is none of', () => {
  const text = largeRolloutMarkdown({ ...ROLLOUT, ended: new Map(), running: new Set() });

  assert.equal(text, '**5.14.0-611.el9.x86\\_64**: 0 of 2,000 kmods have ended.');
});

test('largeRolloutMarkdown() is as short for two thousand failures as Temporal takes it', () => {
  const failed = { kind: 'failed', reason: '漢&'.repeat(300) } as const;
  const names = Array.from({ length: 2000 }, (_, index) => `kmod-${index}`);

  const text = largeRolloutMarkdown({
    ...ROLLOUT,
    ended: new Map(names.map((name) => [name, failed])),
    running: new Set(names),
  });

  assert.ok(sizeOf(text) <= 16_000, `found ${sizeOf(text)}`);
  assert.match(text, /^\*\*.* 2000 failed\./);
});
