import type { Command } from 'commander';
import { type GateListing, NO_RULES } from '../../model/gate.ts';
import type { GateAnswer } from '../../model/workflow-messages.ts';
import { describeView } from '../../report/gate-markdown.ts';
import { gatedKernelsToLines, gateToText } from '../../report/gate-text.ts';
import { chooseGates, findGateOf, type SignedOptions, signed } from '../choose-gates.ts';
import { type CommandContext, openContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

/** `rekmod gate`: which kernels machines see, which not and why; and to overrule it. */
export function addGateCommand(program: Command, terminal: Terminal): void {
  const gate = program
    .command('gate')
    .argument('[stream]', 'default: all that have a gate')
    .description('show which kernels the gate holds or has let through, and why')
    .option('--json', 'as JSON: a list with an entry for each stream')
    .addHelpText(
      'after',
      `
Works while nothing runs. Exit codes: 0 the newest kernel of each stream is let through, 1 one is held or
recalled, 3 configuration. A kernel that upstream withdrew does not count.

Examples:
  rekmod gate
  rekmod gate promote 5.14.0-611.el9.x86_64 --why 'CVE-2026-1234, wireguard follows'
  rekmod gate recall 5.14.0-611.el9.x86_64 --why 'does not boot on our blades'`,
    )
    .action(async (stream: string | undefined, options: { readonly json?: boolean }) => {
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const records = await readGates(context, stream);
      if (options.json) printJson(terminal, records);
      else showGates(records, terminal);
      if (!records.every(isNewestOpen)) terminal.setExitCode(EXIT.failed);
    });
  for (const order of ORDERS) addOrder(gate, { program, terminal }, order);
}

const ORDERS = [
  { name: 'promote', update: 'promoteUpdate', does: 'let a kernel through, whatever it waits for' },
  { name: 'recall', update: 'recallUpdate', does: 'hide a kernel again that was let through' },
  { name: 'fast-lane', update: 'fastLaneUpdate', does: 'let a kernel pass as security kernels do' },
] as const;

function addOrder(
  gate: Command,
  { program, terminal }: { readonly program: Command; readonly terminal: Terminal },
  { name, update, does }: (typeof ORDERS)[number],
): void {
  addSignature(gate.command(name).argument('<kernel>', 'as uname -r says it'))
    .description(does)
    .action(async (release: string, _own: unknown, command: Command) => {
      // The parent has --json as well, and takes it wherever it stands.
      const options: SignedOptions = command.optsWithGlobals();
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const stream = await findGateOf(context, release, options.stream);
      const { askGate, gateUpdates } = await import('../ask-gate.ts');
      const request = { release, ...signed(options) };
      showAnswer(await askGate(context, stream, gateUpdates[update], request), options, terminal);
    });
}

/** The options of every command that changes a gate. */
export function addSignature(command: Command): Command {
  return command
    .requiredOption('--why <text>', 'stands on the record')
    .option('--by <name>', "stands on the record (default: the user's name)")
    .option('-s, --stream <name>', 'only this stream')
    .option('--json', 'what becomes of it as JSON');
}

/** Prints how the kernels stand that a change touched. */
export function showAnswer(
  answer: GateAnswer,
  { json }: Pick<SignedOptions, 'json'>,
  terminal: Terminal,
): void {
  if (json) {
    printJson(terminal, answer);
    return;
  }
  const { hasColor: color, columns } = terminal;
  for (const line of gatedKernelsToLines(answer.kernels, { color, columns })) print(terminal, line);
  print(terminal, `${describeView(answer.view)}.`);
}

async function readGates(
  context: CommandContext,
  name: string | undefined,
): Promise<readonly GateListing[]> {
  const { records } = context;
  return await Promise.all(
    chooseGates(context, name).map(async (stream) => {
      const record = (await records.readGate(stream)) ?? {
        ...{ schema: 1, stream, decidedAt: '', kernels: [], rules: NO_RULES },
      };
      const waitingForDevel = (await records.readStream(stream))?.waitingForDevel ?? [];
      return { ...record, waitingForDevel };
    }),
  );
}

function showGates(records: readonly GateListing[], terminal: Terminal): void {
  const { hasColor: color, columns } = terminal;
  print(terminal, records.map((record) => gateToText(record, { color, columns })).join('\n'));
}

function isNewestOpen({ kernels }: GateListing): boolean {
  const newest = kernels.findLast(({ withdrawnSince }) => withdrawnSince === undefined);
  return newest === undefined || newest.state === 'released' || newest.state === 'waived';
}
