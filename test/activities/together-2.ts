import { runTogether } from '../support/run-together.ts';

await runTogether(import.meta.url, { part: 2, parts: 3 });
