import type { Command } from 'commander';
import { requireNamed } from '../../activities/require-named.ts';
import { CommandRefusedError } from '../../model/command-errors.ts';
import { type SignedOptions, signed } from '../choose-gates.ts';
import { openContext } from '../context.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

/** `rekmod stream`: what people decide about looks at a stream. */
export function addStreamCommand(program: Command, terminal: Terminal): void {
  const stream = program
    .command('stream')
    .description('decide about what was seen of a stream that is followed');
  stream
    .command('accept')
    .argument('<stream>', 'as "rekmod status" names it')
    .description('believe a look that is in quarantine because it lost kernels')
    .requiredOption('--why <text>', 'stands in the history and on the record')
    .option('--by <name>', "stands there too (default: the user's name)")
    .option('--json', 'what the look after it found as JSON')
    .addHelpText(
      'after',
      `
The kernels that the look lost are not missed any more: they are kept for "keep.gone", then retired. Then it is looked
again; what is lost besides is judged anew.

Exit codes: 0 the look after it is good, 1 it is not, 3 nothing is in quarantine, 4 rekmod is not up

Example:
  rekmod stream accept centos-stream-9 --why 'upstream removed all kernels with CVE-2026-1234'`,
    )
    .action(async (name: string, options: SignedOptions) => {
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const { title } = requireNamed(context.settings.streams, 'accept', 'stream', name);
      const { by, why } = requireSignature(name, options);
      if (!(await context.records.readStream(name))?.quarantine) {
        const detail = 'expected one in quarantine, found none';
        throw new CommandRefusedError(`accept the look at "${name}"`, detail);
      }
      const { acceptLook } = await import('../accept-look.ts');
      const result = await acceptLook(context, { stream: name, title, accept: { by, why } });
      if (options.json) printJson(terminal, result);
      else print(terminal, `Accepted. ${result.message}`);
    });
}

const WHY_LENGTH_LIMIT = 500;

function requireSignature(
  stream: string,
  options: SignedOptions,
): { readonly by: string; readonly why: string } {
  const { by, why } = signed(options);
  for (const [what, text] of Object.entries({ by, why })) {
    const length = text.trim().length;
    if (length > 0 && length <= WHY_LENGTH_LIMIT) continue;
    const detail = `expected "${what}" of 1 to ${WHY_LENGTH_LIMIT} characters, found ${length}`;
    throw new CommandRefusedError(`accept the look at "${stream}"`, detail);
  }
  return { by, why };
}
