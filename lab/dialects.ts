import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from '../activities/run-program.ts';
import { makeDialectLab } from './dialects/dialect-lab.ts';
import { judgeCorpus } from './dialects/judge-corpus.ts';
import { describeCorpus, describeSummary, summarize } from './dialects/report.ts';
import { cacheDirectory } from './read-lab.ts';
import { removeWorld } from './world.ts';

// Has rekmod build specs of every dialect for real kernels, and a client install the packages:
// `npm run dialects [-- <spec>…]`. What it made stays in the cache, to look at.

const { positionals } = parseArgs({ allowPositionals: true });
const startedAt = performance.now();
const directory = join(cacheDirectory(), 'dialects');
const made = await makeDialectLab();
// A run that was broken off leaves its rekmod running.
await runProgram(['bash', join(import.meta.dirname, 'end-demo.sh'), join(directory, 'home')]);
await removeWorld(directory);
const judged = await judgeCorpus(made, {
  directory,
  ...(positionals.length === 0 ? {} : { names: positionals }),
  say: (sentence) => process.stderr.write(`==> ${sentence}\n`),
});
const summary = summarize(judged);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(
  `${describeCorpus(judged)}\n\n${seconds} s; logs below ${join(directory, 'home', 'logs')}`,
);
console.log(describeSummary(summary));
process.exitCode = summary.failed === 0 ? 0 : 1;
