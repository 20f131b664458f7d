import type { Command } from 'commander';
import { gatherExplanation } from '../../activities/gather-explanation.ts';
import { requireNamed } from '../../activities/require-named.ts';
import type { Explanation } from '../../model/explanation.ts';
import { explanationToMarkdown } from '../../report/explanation-markdown.ts';
import { explanationToText } from '../../report/explanation-text.ts';
import { chooseKernels, type KernelChoice } from '../choose-kernels.ts';
import { openContext } from '../context.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface WhyOptions extends KernelChoice {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** `rekmod why`: what happens to a kmod on a kernel, what is to be done, and the symbols behind it. */
export function addWhyCommand(program: Command, terminal: Terminal): void {
  program
    .command('why')
    .argument('<kmod>')
    .argument('[kernel]', 'as uname -r says it (default: the newest of each stream)')
    .description('explain what happens to a kmod on a kernel, and what is to be done')
    .option('-s, --stream <name>', 'where several streams have that kernel')
    .option('--all', 'for all kernels that are kept built')
    .option('--json', 'as JSON: a list with an entry for each kernel')
    .option('--markdown', 'as Markdown')
    .action(async (kmod: string, kernel: string | undefined, options: WhyOptions) => {
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const { streams } = requireNamed(context.settings.kmods, 'explain', 'kmod', kmod);
      const choice = { ...options, ...(kernel === undefined ? {} : { kernel }) };
      const explanations: Explanation[] = [];
      for (const { stream, release } of await chooseKernels(choice, streams, context)) {
        const { signal } = new AbortController();
        explanations.push(await gatherExplanation({ stream, release, kmod }, context, signal));
      }
      if (options.json) printJson(terminal, explanations);
      else print(terminal, explanations.map((one) => write(one, options, terminal)).join('\n'));
    });
}

function write(
  explanation: Explanation,
  { markdown }: WhyOptions,
  { hasColor: color, columns }: Terminal,
): string {
  if (markdown) return explanationToMarkdown(explanation);
  return explanationToText(explanation, { color, columns });
}
