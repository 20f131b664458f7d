import { tmpdir } from 'node:os';
import { readRepository } from '../../activities/repository-metadata.ts';
import { peakMegabytes } from './peak-memory.ts';

// Reads a repository as a look at a stream does, in a process of its own, and tells what it took.
// Arguments: base URL. Prints JSON on stdout.

const [baseUrl = ''] = process.argv.slice(2);
const startedAt = performance.now();
const content = await readRepository({
  baseUrl,
  trust: { gpgKeys: [], gpgCheck: false, repoGpgCheck: false },
  validators: {},
  isWanted: (name) => name === 'kernel-core' || name === 'kernel-devel',
  scratch: tmpdir(),
  signal: new AbortController().signal,
});
const ms = performance.now() - startedAt;
const wanted = content.kind === 'read' ? content.packages.length : 0;
console.log(JSON.stringify({ ms, wanted, peakMegabytes: peakMegabytes() }));
