import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

type AddCommand = (program: Command, terminal: Terminal) => void;

/** Each command is a file in `commands/`, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  up: async () => (await import('./commands/up.ts')).addUpCommand,
  reload: async () => (await import('./commands/reload.ts')).addReloadCommand,
  signer: async () => (await import('./commands/signer.ts')).addSignerCommand,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  plan: async () => (await import('./commands/plan.ts')).addPlanCommand,
  rebuild: async () => (await import('./commands/rebuild.ts')).addRebuildCommand,
  status: async () => (await import('./commands/status.ts')).addStatusCommand,
  why: async () => (await import('./commands/why.ts')).addWhyCommand,
  logs: async () => (await import('./commands/logs.ts')).addLogsCommand,
  gate: async () => (await import('./commands/gate.ts')).addGateCommand,
  waive: async () => (await import('./commands/waive.ts')).addWaiveCommand,
  unwaive: async () => (await import('./commands/waive.ts')).addUnwaiveCommand,
  freeze: async () => (await import('./commands/freeze.ts')).addFreezeCommand,
  thaw: async () => (await import('./commands/freeze.ts')).addThawCommand,
  stream: async () => (await import('./commands/stream.ts')).addStreamCommand,
  snapshots: async () => (await import('./commands/snapshots.ts')).addSnapshotsCommand,
  rollback: async () => (await import('./commands/rollback.ts')).addRollbackCommand,
  kabi: async () => (await import('./commands/kabi.ts')).addKabiCommand,
  import: async () => (await import('./commands/import.ts')).addImportCommand,
  dud: async () => (await import('./commands/dud.ts')).addDudCommand,
  reproduce: async () => (await import('./commands/reproduce.ts')).addReproduceCommand,
  upkeep: async () => (await import('./commands/upkeep.ts')).addUpkeepCommand,
  config: async () => (await import('./commands/config.ts')).addConfigCommand,
};

/**
 * Runs the command line, and says on the terminal what keeps a command from its end.
 *
 * @param args What follows the program, e.g. `['plan', '--all']`.
 * @param terminal Takes what is printed and the exit code; it is not told of 0.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  try {
    const program = await createProgram(args, terminal);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    const exitCode = explain(error, terminal);
    if (exitCode !== EXIT.ok) terminal.setExitCode(exitCode);
  }
}

async function createProgram(args: readonly string[], terminal: Terminal): Promise<Command> {
  const program = new Command('rekmod')
    .description('Keeps third-party kernel modules built for every kernel you follow')
    .version(VERSION)
    .option(
      '-c, --config <file>',
      'the configuration (default: ./rekmod.yaml, then XDG, then /etc)',
    )
    .configureOutput({
      writeOut: terminal.write,
      writeErr: (text) => terminal.remark(text.trimEnd()),
    })
    .showHelpAfterError('(add --help for more)')
    .exitOverride();
  for (const load of chooseCommands(args)) (await load())(program, terminal);
  return program;
}

/** Loads what is called for; all commands where none is named, for the help: they take longer to load. */
function chooseCommands(args: readonly string[]): readonly (() => Promise<AddCommand>)[] {
  const named = Object.entries(COMMANDS).filter(([name]) => args.includes(name));
  return named.length > 0 ? named.map(([, load]) => load) : Object.values(COMMANDS);
}

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const exitCode = exitCodeOf(error);
  if (exitCode === undefined) throw error;
  terminal.remark(`rekmod: ${error instanceof Error ? error.message : String(error)}`);
  return exitCode;
}
