import { runTogether } from '../support/run-together.ts';

await runTogether(import.meta.url, { part: 3, parts: 3 });
