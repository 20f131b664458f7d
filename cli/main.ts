import { runProgram } from './program.ts';
import { openTerminal } from './terminal.ts';

await runProgram(process.argv.slice(2), openTerminal());
