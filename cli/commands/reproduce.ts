import { resolve } from 'node:path';
import type { Command } from 'commander';
import { buildAgain } from '../../activities/reproduction/build-again.ts';
import { readRecipe } from '../../activities/reproduction/read-recipe.ts';
import { writeReproduction } from '../../activities/reproduction/write-folder.ts';
import { requireNamed } from '../../activities/require-named.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Recipe } from '../../model/reproduction.ts';
import { recipeToText, reproductionToText } from '../../report/reproduction-text.ts';
import { startBackend } from '../build-backend.ts';
import { chooseKernels } from '../choose-kernels.ts';
import { type CommandContext, openContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { requireHomeId } from '../home-id.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface ReproduceOptions {
  readonly stream?: string;
  readonly output?: string;
  readonly run?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** `rekmod reproduce`: what a published build was made of, and the same build again. */
export function addReproduceCommand(program: Command, terminal: Terminal): void {
  program
    .command('reproduce')
    .argument('<kmod>')
    .argument('<kernel>', 'as uname -r says it')
    .description('tell what a published build was made of, and make it again')
    .option('-s, --stream <name>', 'where several streams have that kernel')
    .option(
      '-o, --output <folder>',
      'write all of it there, with a script for a machine without rekmod',
    )
    .option('-r, --run', 'build it again here and compare; exit code 1 when something differs')
    .option('-v, --verbose', 'with --run: the build log on standard error')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nSee docs/provenance.md.')
    .action(async (kmod: string, release: string, options: ReproduceOptions) => {
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const { streams } = requireNamed(context.settings.kmods, 'reproduce', 'kmod', kmod);
      const choice = { ...options, kernel: release };
      const [kernel] = await chooseKernels(choice, streams, context);
      if (!kernel) throw new Error('BUG: no kernel was chosen');
      const recipe = await readRecipe(kmod, kernel, context);
      const { output } = options;
      const { signal } = new AbortController();
      if (output !== undefined) {
        await writeReproduction(recipe, kernel, { ...context, output: resolve(output), signal });
      }
      if (options.run) {
        await run(recipe, kernel, { ...context, options, terminal });
      } else if (options.json) {
        printJson(terminal, recipe);
      } else if (output === undefined) {
        print(terminal, recipeToText(recipe));
      } else {
        print(terminal, `wrote ${output}; make it again with: sh ${output}/reproduce.sh`);
      }
    });
}

async function run(
  recipe: Recipe,
  kernel: Kernel,
  {
    options,
    terminal,
    ...context
  }: CommandContext & { readonly options: ReproduceOptions; readonly terminal: Terminal },
): Promise<void> {
  const { settings, data } = context;
  const { kmod, release } = recipe;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const backend = await startBackend(settings, data.root, {
      patienceMs: 30_000,
      say: terminal.remark,
    });
    const labels = {
      home: await requireHomeId(data.root),
      reproduction: `${kernel.stream}/${release}/${kmod}`,
    };
    const ended = await withTemporaryDirectory((scratch) =>
      buildAgain(recipe, kernel, {
        ...{ ...context, backend, labels, scratch, signal: stop.signal },
        onLog: (chunk) => {
          if (options.verbose) process.stderr.write(chunk);
        },
      }),
    );
    if (options.json) printJson(terminal, ended);
    else print(terminal, reproductionToText(ended));
    if (ended.differences.length > 0) terminal.setExitCode(EXIT.failed);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
