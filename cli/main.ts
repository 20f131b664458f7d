import { heedClosedPipes } from './heed-closed-pipes.ts';
import { runProgram } from './program.ts';
import { openTerminal } from './terminal.ts';

const args = process.argv.slice(2);
heedClosedPipes(args);
await runProgram(args, openTerminal());
