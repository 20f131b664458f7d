import { runTogether } from '../support/run-together.ts';

await runTogether(import.meta.url, { part: 1, parts: 3 });
