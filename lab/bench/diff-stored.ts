import { readFileSync } from 'node:fs';
import { diffSymvers } from '../../kabi/delta.ts';
import { parseSymvers } from '../../kabi/symvers.ts';

// Parses two symvers files and compares them: node diff-stored.ts <before> <after>.

const [before = '', after = ''] = process.argv.slice(2);
const startedAt = performance.now();
const old = parseSymvers(readFileSync(before, 'utf8'));
const parsedAt = performance.now();
const delta = diffSymvers(old, parseSymvers(readFileSync(after, 'utf8')));
const totalMs = performance.now() - startedAt;
const firstParseMs = parsedAt - startedAt;
console.log(JSON.stringify({ totalMs, firstParseMs, changed: delta.crcChanged.length }));
