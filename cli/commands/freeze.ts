import type { Command } from 'commander';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { FreezeSubject } from '../../model/gate.ts';
import { chooseGates, type SignedOptions, signed } from '../choose-gates.ts';
import { type CommandContext, openContext } from '../context.ts';
import { parseUntil } from '../parse-until.ts';
import type { Terminal } from '../terminal.ts';
import { addSignature, showAnswer } from './gate.ts';

/** `rekmod freeze`: keep a kmod, a kernel or a stream as it is. */
export function addFreezeCommand(program: Command, terminal: Terminal): void {
  addSignature(program.command('freeze').argument('<what>', 'a kmod, a kernel or a stream'))
    .description('build nothing of a kmod, or release no kernel, until it is thawed')
    .option('--until <end>', 'e.g. 14d, 2026-12-24 (default: until it is thawed)', (text) =>
      parseUntil(text),
    )
    .addHelpText(
      'after',
      '\nA freeze is no waiver: a required kmod that is frozen and missing holds kernels.',
    )
    .action(async (what: string, options: SignedOptions & { readonly until?: string }) => {
      const { askGate, gateUpdates } = await import('../ask-gate.ts');
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const end = options.until === undefined ? {} : { until: options.until };
      for (const { stream, subject } of await findSubjects(context, what, options.stream)) {
        const request = { subject, ...end, ...signed(options) };
        showAnswer(
          await askGate(context, stream, gateUpdates.freezeUpdate, request),
          options,
          terminal,
        );
      }
    });
}

/** `rekmod thaw`: the end of a freeze. */
export function addThawCommand(program: Command, terminal: Terminal): void {
  addSignature(program.command('thaw').argument('<what>', 'a kmod, a kernel or a stream'))
    .description('end a freeze; what was not built meanwhile is built')
    .action(async (what: string, options: SignedOptions) => {
      const { askGate, gateUpdates } = await import('../ask-gate.ts');
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      for (const { stream, subject } of await findSubjects(context, what, options.stream)) {
        const request = { subject, ...signed(options) };
        showAnswer(
          await askGate(context, stream, gateUpdates.thawUpdate, request),
          options,
          terminal,
        );
      }
    });
}

interface LocatedSubject {
  readonly stream: string;
  readonly subject: FreezeSubject;
}

/**
 * Finds out what a name means: a stream, a kmod in each gated stream that has it, or a kernel.
 *
 * @throws {NotFoundError} If it is the name of nothing, or of several things.
 */
async function findSubjects(
  context: CommandContext,
  what: string,
  only: string | undefined,
): Promise<readonly LocatedSubject[]> {
  const streams = chooseGates(context, only);
  const found: LocatedSubject[] = streams
    .filter((stream) => stream === what)
    .map((stream) => ({ stream, subject: { kind: 'stream' } }));
  const kmod = context.settings.kmods.find(({ name }) => name === what);
  for (const stream of streams.filter((name) => kmod?.streams.includes(name))) {
    found.push({ stream, subject: { kind: 'kmod', kmod: what } });
  }
  for (const stream of streams) {
    const kernels = await context.records.listKernels(stream);
    if (!kernels.some(({ release }) => release === what)) continue;
    found.push({ stream, subject: { kind: 'kernel', release: what } });
  }
  const kinds = new Set(found.map(({ subject }) => subject.kind));
  if (kinds.size === 1) return found;
  const expected = 'expected the name of one kmod, kernel or stream that has a gate';
  const detail =
    kinds.size === 0 ? 'found none of that name' : `found a ${[...kinds].join(' and a ')}`;
  throw new NotFoundError('freeze or thaw', what, `${expected}, ${detail}`);
}
