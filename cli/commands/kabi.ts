import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { diffSymvers } from '../../kabi/delta.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import type { Symvers } from '../../model/kabi.ts';
import { deltaToText } from '../../report/delta-text.ts';
import { chooseKernels } from '../choose-kernels.ts';
import { type CommandContext, openContext } from '../context.ts';
import { openTerminal, print, printJson } from '../terminal.ts';

interface DiffOptions {
  readonly stream?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `rekmod kabi diff`: what changed between two kernels. */
export function addKabiCommand(program: Command): void {
  const kabi = program.command('kabi').description('look at the kABI of kernels');
  kabi
    .command('diff')
    .argument('<before>', 'a kernel as uname -r says it, or a Module.symvers file')
    .argument('<after>', 'likewise')
    .description('show which exported symbols were lost, changed or added')
    .option('-s, --stream <name>', 'where several streams have these kernels')
    .option('--all', 'every symbol, not only the first of each kind')
    .option('--json', 'as JSON')
    .action(async (before: string, after: string, options: DiffOptions) => {
      const context = before.includes('/') && after.includes('/') ? undefined : program.opts();
      const opened = context ? await openContext(context) : undefined;
      const delta = diffSymvers(
        await readSymvers(before, opened, options),
        await readSymvers(after, opened, options),
      );
      if (options.json) {
        printJson(delta);
        return;
      }
      const { hasColor: color } = openTerminal();
      const all = options.all === true;
      print(deltaToText(delta, { before, after, all, color }));
    });
}

async function readSymvers(
  kernel: string,
  context: CommandContext | undefined,
  { stream }: DiffOptions,
): Promise<Symvers> {
  if (!context || kernel.includes('/')) return parseSymvers(await readFile(kernel, 'utf8'));
  const streams = context.settings.streams.map(({ name }) => name);
  const choice = { kernel, ...(stream === undefined ? {} : { stream }) };
  const [chosen] = await chooseKernels(choice, streams, context);
  if (!chosen) throw new Error('BUG: no kernel was chosen');
  return await context.readSymvers(chosen.symvers);
}
