import { Command, CommanderError } from 'commander';
import { addExamples } from './command-examples.ts';
import { EXIT, EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

type AddCommand = (program: Command, terminal: Terminal) => void;

type LoadCommand = () => Promise<AddCommand>;

/** Each command is a file in `commands/`, in the groups and the order of the help. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, LoadCommand>>>> = {
  'Set up and run': {
    init: async () => (await import('./commands/init.ts')).addInitCommand,
    doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
    config: async () => (await import('./commands/config.ts')).addConfigCommand,
    up: async () => (await import('./commands/up.ts')).addUpCommand,
    reload: async () => (await import('./commands/reload.ts')).addReloadCommand,
    signer: async () => (await import('./commands/signer.ts')).addSignerCommand,
    upkeep: async () => (await import('./commands/upkeep.ts')).addUpkeepCommand,
  },
  'See how things stand': {
    status: async () => (await import('./commands/status.ts')).addStatusCommand,
    watch: async () => (await import('./commands/watch.ts')).addWatchCommand,
    why: async () => (await import('./commands/why.ts')).addWhyCommand,
    logs: async () => (await import('./commands/logs.ts')).addLogsCommand,
    kernels: async () => (await import('./commands/kernels.ts')).addKernelsCommand,
    kmods: async () => (await import('./commands/kmods.ts')).addKmodsCommand,
    kabi: async () => (await import('./commands/kabi.ts')).addKabiCommand,
  },
  'Build kmods': {
    plan: async () => (await import('./commands/plan.ts')).addPlanCommand,
    rebuild: async () => (await import('./commands/rebuild.ts')).addRebuildCommand,
    cancel: async () => (await import('./commands/cancel.ts')).addCancelCommand,
    reproduce: async () => (await import('./commands/reproduce.ts')).addReproduceCommand,
    import: async () => (await import('./commands/import.ts')).addImportCommand,
    dud: async () => (await import('./commands/dud.ts')).addDudCommand,
  },
  'Decide what machines see': {
    gate: async () => (await import('./commands/gate.ts')).addGateCommand,
    waive: async () => (await import('./commands/waive.ts')).addWaiveCommand,
    unwaive: async () => (await import('./commands/waive.ts')).addUnwaiveCommand,
    freeze: async () => (await import('./commands/freeze.ts')).addFreezeCommand,
    thaw: async () => (await import('./commands/freeze.ts')).addThawCommand,
    stream: async () => (await import('./commands/stream.ts')).addStreamCommand,
    snapshots: async () => (await import('./commands/snapshots.ts')).addSnapshotsCommand,
    rollback: async () => (await import('./commands/rollback.ts')).addRollbackCommand,
  },
  'Help for the shell': {
    completion: async () => (await import('./commands/completion.ts')).addCompletionCommand,
    man: async () => (await import('./commands/man.ts')).addManCommand,
  },
};

/** What these do concerns all commands. */
const ABOUT_ALL = new Set(['completion', 'man', 'help']);

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

/** The command line with what a call needs of it; every command where none is named. */
export async function createProgram(args: readonly string[], terminal: Terminal): Promise<Command> {
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
  const isChosen = chooseCommands(args);
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(`${heading}:`);
    for (const [name, load] of Object.entries(commands)) {
      if (isChosen(name)) (await load())(program, terminal);
    }
  }
  program.commandsGroup('More:').helpCommand(true);
  addExamples(program);
  return program.addHelpText('after', `\n${EXIT_CODES}\n\nBegin with "rekmod init".`);
}

/** Loads what is called for; all commands where none is named, for the help: they take longer to load. */
function chooseCommands(args: readonly string[]): (name: string) => boolean {
  const names = Object.values(GROUPS).flatMap((commands) => Object.keys(commands));
  const named = new Set(names.filter((name) => args.includes(name)));
  const isAll = named.size === 0 || args.some((arg) => ABOUT_ALL.has(arg));
  return (name) => isAll || named.has(name);
}

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const exitCode = exitCodeOf(error);
  if (exitCode === undefined) throw error;
  terminal.remark(`rekmod: ${error instanceof Error ? error.message : String(error)}`);
  return exitCode;
}
