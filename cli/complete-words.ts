import type { Command, Option } from 'commander';

/** What can stand at a place of a command line. */
export interface Candidate {
  readonly value: string;
  /** A few words on it, empty for plain names. */
  readonly about: string;
}

/** Names that a configuration and a data directory have. */
export interface KnownNames {
  readonly kmods: readonly string[];
  readonly kernels: readonly string[];
  readonly streams: readonly string[];
  readonly repositories: readonly string[];
}

/** What a word of the command line is about, by the names of arguments and options. */
const KINDS: Readonly<Record<string, keyof KnownNames>> = {
  kmod: 'kmods',
  kernel: 'kernels',
  stream: 'streams',
  repository: 'repositories',
};

/**
 * Finds what may be typed next: commands, options, or names.
 *
 * @param words What follows the program, e.g. `['why', 'jo']`; the last is being typed and may be empty.
 */
export function completeWords(
  program: Command,
  words: readonly string[],
  names: KnownNames,
): readonly Candidate[] {
  const typed = words.at(-1) ?? '';
  const { command, option, argumentCount } = walk(program, words.slice(0, -1));
  const all = option
    ? completeOption(option, names)
    : typed.startsWith('-')
      ? listOptions(command, program)
      : [...listCommands(command, argumentCount), ...listArguments(command, argumentCount, names)];
  return all.filter(({ value }) => value.startsWith(typed));
}

interface Place {
  readonly command: Command;
  /** Whose value is typed. */
  readonly option?: Option;
  readonly argumentCount: number;
}

function walk(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, argumentCount: 0 };
  for (const word of words) place = step(place, word, program);
  return place;
}

function step({ command, option, argumentCount }: Place, word: string, program: Command): Place {
  if (option) return { command, argumentCount };
  if (word.startsWith('-')) {
    const found = [...command.options, ...program.options].find(({ short, long }) =>
      [short, long].includes(word),
    );
    const takesValue = found?.required === true || found?.optional === true;
    return { command, argumentCount, ...(found && takesValue ? { option: found } : {}) };
  }
  const next = command.commands.find((one) => one.name() === word);
  if (next && argumentCount === 0) return { command: next, argumentCount: 0 };
  return { command, argumentCount: argumentCount + 1 };
}

function completeOption(option: Option, names: KnownNames): readonly Candidate[] {
  return (option.argChoices ?? namesOf(option.name(), names)).map(toCandidate);
}

function listOptions(command: Command, program: Command): readonly Candidate[] {
  const options = [...command.options, ...(command === program ? [] : program.options)];
  const visible = options.filter(({ hidden, long }) => !hidden && long);
  return [
    ...visible.map(({ long, description }) => ({ value: long ?? '', about: description })),
    { value: '--help', about: 'display help for command' },
  ];
}

function listCommands(command: Command, argumentCount: number): readonly Candidate[] {
  if (argumentCount > 0) return [];
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((one) => ({ value: one.name(), about: one.description() }));
}

function listArguments(
  { registeredArguments }: Command,
  argumentCount: number,
  names: KnownNames,
): readonly Candidate[] {
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[argumentCount] ?? (last?.variadic ? last : undefined);
  if (argument === undefined) return [];
  return (argument.argChoices ?? namesOf(argument.name(), names)).map(toCandidate);
}

function namesOf(name: string, names: KnownNames): readonly string[] {
  // What may be frozen is a kmod, a kernel or a stream.
  if (name === 'what') return [...names.kmods, ...names.kernels, ...names.streams];
  const kind = KINDS[name];
  return kind === undefined ? [] : names[kind];
}

function toCandidate(value: string): Candidate {
  return { value, about: '' };
}
