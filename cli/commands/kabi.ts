import type { Command } from 'commander';
import { gatherMarks } from '../../activities/gather-marks.ts';
import { diffKernels } from '../../kabi/diff-kernels.ts';
import type { DonorBuild } from '../../model/cell.ts';
import type { KernelExports } from '../../model/kabi-check.ts';
import { judgeBetween } from '../../plan/judge-between.ts';
import { type DeltaMarks, markDelta } from '../../plan/mark-delta.ts';
import { deltaToMarkdown } from '../../report/delta-markdown.ts';
import { deltaToText } from '../../report/delta-text.ts';
import { openContext } from '../context.ts';
import { isForeignKernel, KERNEL_FORMS, readKernelArgument } from '../kernel-argument.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { print, printJson, type Terminal } from '../terminal.ts';
import { addKabiCheckCommand } from './kabi-check.ts';

interface DiffOptions {
  readonly stream?: string;
  readonly kmod?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** `rekmod kabi`: what changed between two kernels, and which kmods fit one. */
export function addKabiCommand(program: Command, terminal: Terminal): void {
  const kabi = program.command('kabi').description('look at the kABI of kernels');
  addKabiCheckCommand(kabi, program, terminal);
  kabi
    .command('diff')
    .argument('<before>', `a kernel, ${KERNEL_FORMS}`)
    .argument('<after>', 'likewise')
    .description('show which exported symbols were lost, changed or added')
    .option('-s, --stream <name>', 'where several streams have these kernels')
    .option('--kmod <name>', 'only what the last build of this kmod uses, and what follows for it')
    .option('--all', 'every symbol, not only the first of each kind')
    .option('--json', 'as JSON')
    .option('--markdown', 'as Markdown')
    .action(async (before: string, after: string, options: DiffOptions) => {
      const kernels = await readKernels(before, after, options, program);
      const isForeign = (await isForeignKernel(before)) && (await isForeignKernel(after));
      const isAlone = isForeign && options.stream === undefined && options.kmod === undefined;
      const opened = isAlone ? undefined : await openContext(program.opts());
      const request = { ...options, kernels: [before, after] };
      const { marks, build } = opened ? await gatherMarks(request, opened) : { marks: {} };
      printDelta(kernels, {
        terminal,
        ...{ before, after, options, marks },
        ...(build && options.kmod !== undefined ? { kmod: { name: options.kmod, build } } : {}),
      });
    });
}

interface ReadKernels {
  readonly before: KernelExports;
  readonly after: KernelExports;
}

async function readKernels(
  before: string,
  after: string,
  { stream }: DiffOptions,
  program: Command,
): Promise<ReadKernels> {
  return await withTemporaryDirectory(async (scratch) => {
    const { signal } = new AbortController();
    const options = { isMetadataOnly: false, scratch, signal, stream, common: program.opts() };
    return {
      before: await readKernelArgument([before], options),
      after: await readKernelArgument([after], options),
    };
  });
}

interface DeltaAnswer {
  readonly terminal: Terminal;
  readonly before: string;
  readonly after: string;
  readonly options: DiffOptions;
  readonly marks: DeltaMarks;
  readonly kmod?: { readonly name: string; readonly build: DonorBuild };
}

function printDelta(
  kernels: ReadKernels,
  { terminal, before, after, options, marks, kmod }: DeltaAnswer,
): void {
  if (kernels.before.isFromMetadata || kernels.after.isFromMetadata) {
    terminal.remark(
      'rekmod: metadata tell neither modules, namespaces nor which symbols are GPL only',
    );
  }
  const delta = markDelta(diffKernels(kernels.before, kernels.after), marks);
  const verdict =
    kmod &&
    judgeBetween({
      modules: kmod.build.modules,
      from: before,
      before: kernels.before.symvers,
      after: kernels.after.symvers,
    });
  const about = kmod && verdict ? { kmod: { name: kmod.name, verdict } } : {};
  if (options.json) {
    printJson(terminal, { ...delta, ...about });
    return;
  }
  const style = { before, after, all: options.all === true, ...about };
  if (options.markdown) print(terminal, deltaToMarkdown(delta, style));
  else print(terminal, deltaToText(delta, { ...style, color: terminal.hasColor }));
}
