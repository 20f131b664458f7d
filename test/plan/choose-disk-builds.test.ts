import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseDiskBuilds, type DiskCandidate } from '../../plan/choose-disk-builds.ts';

const K = '5.14.0-611.el9.x86_64';
const OLD = '5.14.0-600.el9.x86_64';
const PUBLISHED = {
  kind: 'published',
  packages: [],
  repository: 'kmods',
  snapshot: '000001',
  build: {
    inputDigest: '',
    sourceDigest: '',
    buildNumber: 1,
    durationMs: 1,
    modules: { sha256: '', sizeBytes: 0, moduleCount: 1 },
    attemptLog: '',
  },
} as const;
const OF_OLD = { ...PUBLISHED, snapshot: '000000' } as const;
const COMPATIBLE = { kind: 'keep', why: 'compatible', donor: OLD, importCount: 9 } as const;
const CHANGED = { kind: 'rebuild', why: 'source-changed', donor: OLD } as const;

function choose(candidates: Readonly<Record<string, DiskCandidate>>) {
  return chooseDiskBuilds('jool', K, new Map(Object.entries(candidates)));
}

test("chooseDiskBuilds() takes the kernel's own build, whatever is planned for it", () => {
  assert.deepEqual(choose({ jool: { verdict: CHANGED, needs: [], own: PUBLISHED } }), {
    kind: 'chosen',
    builds: [{ kmod: 'jool', release: K, published: PUBLISHED }],
  });
});

test('chooseDiskBuilds() takes the build that weak-updates keeps, and tells of which kernel it is', () => {
  assert.deepEqual(choose({ jool: { verdict: COMPATIBLE, needs: [], donor: OF_OLD } }), {
    kind: 'chosen',
    builds: [{ kmod: 'jool', release: OLD, published: OF_OLD }],
  });
});

test('chooseDiskBuilds() brings what a kmod needs, first, and nothing else', () => {
  const own = { needs: [], own: PUBLISHED };

  const choice = choose({
    unrelated: own,
    jool: { needs: ['netfilter'], own: PUBLISHED },
    netfilter: { needs: ['base'], own: PUBLISHED },
    base: own,
  });

  assert.deepEqual(choice.kind === 'chosen' && choice.builds.map(({ kmod }) => kmod), [
    'base',
    'netfilter',
    'jool',
  ]);
});

test('chooseDiskBuilds() names every kmod that has no build to give, with its verdict', () => {
  const choice = choose({
    jool: { verdict: CHANGED, needs: ['base', 'gone'], donor: OF_OLD },
    base: { verdict: COMPATIBLE, needs: [] },
    gone: { needs: [] },
  });

  assert.deepEqual(choice, {
    kind: 'missing',
    kmods: [
      { kmod: 'base', verdict: COMPATIBLE },
      { kmod: 'gone' },
      { kmod: 'jool', verdict: CHANGED },
    ],
  });
});
