import { rename, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { addUpCommand } from '../cli/commands/up.ts';
import { openTerminal } from '../cli/terminal.ts';
import { createFastBackend } from './fast-backend.ts';
import { measureHeap } from './measure-heap.ts';

// `rekmod up` with the lab's fast backend in the place of containers and mock; all else is the same. Where LAB_HEAP_FILE
// names a file, SIGUSR2 has what is left of the heaps after a collection written there, as JSON.

const { LAB_HEAP_FILE: heapFile } = process.env;
if (heapFile !== undefined) process.on('SIGUSR2', () => void tellHeap(heapFile));

async function tellHeap(file: string): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(await measureHeap()));
  await rename(`${file}.new`, file);
}

const program = new Command('fast-up').option('-c, --config <file>');
addUpCommand(program, openTerminal(), async () => createFastBackend());
await program.parseAsync(['up', ...process.argv.slice(2)], { from: 'user' });
