// The benchmarks: `npm run bench -- [metadata|publish|rollout|scale|verdicts] [--reps N]`, all without a name.
const BENCHMARKS: Readonly<Record<string, () => Promise<unknown>>> = {
  metadata: () => import('./bench/metadata.ts'),
  publish: () => import('./bench/publish.ts'),
  rollout: () => import('./bench/rollout.ts'),
  scale: () => import('./bench/scale.ts'),
  verdicts: () => import('./bench/verdicts.ts'),
};

const [name] = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const isNamed = name !== undefined && name in BENCHMARKS;
if (isNamed) process.argv.splice(process.argv.indexOf(name), 1);
for (const [title, run] of Object.entries(BENCHMARKS)) {
  if (!isNamed || title === name) await run();
}
