import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDialectLab } from '../../lab/dialects/dialect-lab.ts';
import { judgeCorpus } from '../../lab/dialects/judge-corpus.ts';
import { describeCorpus, summarize } from '../../lab/dialects/report.ts';
import { removeWorld } from '../../lab/world.ts';

/** One of each injection class and distribution, one that is refused; `npm run dialects` has them all. */
const NAMES = ['elrepo', 'elrepo-overruled', 'kmodtool', 'kmods-sig', 'openzfs', 'suse-kmp'];

test('specs of several dialects are built for two kernels, and dnf installs them', async (context) => {
  const made = await makeDialectLab();
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-dialects-'));
  try {
    const judged = await judgeCorpus(made, {
      directory,
      names: NAMES,
      say: (sentence) => context.diagnostic(sentence),
    });

    const told = describeCorpus(judged);
    context.diagnostic(told);
    const all = { dialects: 5, built: 5, verified: 5, failed: 0 };
    assert.deepEqual(summarize(judged), all, told);
    assert.equal(judged.refused.length, 1);
  } finally {
    await removeWorld(directory);
  }
});
