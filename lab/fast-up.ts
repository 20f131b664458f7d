import { Command } from 'commander';
import { addUpCommand } from '../cli/commands/up.ts';
import { openTerminal } from '../cli/terminal.ts';
import { createFastBackend } from './fast-backend.ts';

// `rekmod up` with the lab's fast backend in the place of containers and mock; all else is the same.

const program = new Command('fast-up').option('-c, --config <file>');
addUpCommand(program, openTerminal(), async () => createFastBackend());
await program.parseAsync(['up', ...process.argv.slice(2)], { from: 'user' });
