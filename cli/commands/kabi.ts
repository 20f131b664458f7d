import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { gatherMarks } from '../../activities/gather-marks.ts';
import { diffSymvers } from '../../kabi/delta.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import type { DonorBuild } from '../../model/cell.ts';
import type { Symvers } from '../../model/kabi.ts';
import { judgeBetween } from '../../plan/judge-between.ts';
import { type DeltaMarks, markDelta } from '../../plan/mark-delta.ts';
import { deltaToMarkdown } from '../../report/delta-markdown.ts';
import { deltaToText } from '../../report/delta-text.ts';
import { chooseKernels } from '../choose-kernels.ts';
import { type CommandContext, openContext } from '../context.ts';
import { openTerminal, print, printJson } from '../terminal.ts';

interface DiffOptions {
  readonly stream?: string;
  readonly kmod?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
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
    .option('--kmod <name>', 'only what the last build of this kmod uses, and what follows for it')
    .option('--all', 'every symbol, not only the first of each kind')
    .option('--json', 'as JSON')
    .option('--markdown', 'as Markdown')
    .action(async (before: string, after: string, options: DiffOptions) => {
      const isFiles = before.includes('/') && after.includes('/');
      const isAlone = isFiles && options.stream === undefined && options.kmod === undefined;
      const opened = isAlone ? undefined : await openContext(program.opts());
      const kernels = {
        before: await readSymvers(before, opened, options),
        after: await readSymvers(after, opened, options),
      };
      const request = { ...options, kernels: [before, after] };
      const { marks, build } = opened ? await gatherMarks(request, opened) : { marks: {} };
      printDelta(kernels, {
        ...{ before, after, options, marks },
        ...(build && options.kmod !== undefined ? { kmod: { name: options.kmod, build } } : {}),
      });
    });
}

interface DeltaAnswer {
  readonly before: string;
  readonly after: string;
  readonly options: DiffOptions;
  readonly marks: DeltaMarks;
  readonly kmod?: { readonly name: string; readonly build: DonorBuild };
}

function printDelta(
  kernels: { readonly before: Symvers; readonly after: Symvers },
  { before, after, options, marks, kmod }: DeltaAnswer,
): void {
  const delta = markDelta(diffSymvers(kernels.before, kernels.after), marks);
  const verdict = kmod && judgeBetween({ modules: kmod.build.modules, from: before, ...kernels });
  const about = kmod && verdict ? { kmod: { name: kmod.name, verdict } } : {};
  if (options.json) {
    printJson({ ...delta, ...about });
    return;
  }
  const style = { before, after, all: options.all === true, ...about };
  if (options.markdown) print(deltaToMarkdown(delta, style));
  else print(deltaToText(delta, { ...style, color: openTerminal().hasColor }));
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
