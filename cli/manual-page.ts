import type { Command } from 'commander';
import { COMMAND_EXAMPLES } from './command-examples.ts';
import { EXIT_CODES } from './exit-codes.ts';

const FILES: readonly (readonly [string, string])[] = [
  [
    './rekmod.yaml, $XDG_CONFIG_HOME/rekmod/rekmod.yaml, /etc/rekmod/rekmod.yaml',
    'the configuration; the first that is there, or what --config or REKMOD_CONFIG names',
  ],
  ['$REKMOD_HOME, $XDG_DATA_HOME/rekmod, /var/lib/rekmod', 'what rekmod remembers and publishes'],
];

/**
 * Writes the manual page of the whole program, section 1.
 *
 * @see man(7), man-pages(7)
 */
export function manualPage(program: Command, version: string): string {
  const help = program.createHelp();
  return [
    `.TH REKMOD 1 "" "rekmod ${escapeRoff(version)}" "rekmod"`,
    section('NAME', `rekmod \\- ${escapeRoff(program.description())}`),
    section('SYNOPSIS', '.B rekmod\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]'),
    section('OPTIONS', writeOptions(program)),
    section('COMMANDS', listDeep(program).map(writeCommand).join('\n')),
    section('EXIT STATUS', escapeRoff(EXIT_CODES)),
    section('FILES', FILES.map(([path, about]) => entry(escapeRoff(path), about)).join('\n')),
    section('ENVIRONMENT', entry('NO_COLOR', 'no colours, also in a terminal')),
    section('SEE ALSO', 'dnf(8), weak\\-modules(8), mock(1)'),
    '',
  ].join('\n');

  function listDeep(command: Command): readonly Command[] {
    const visible = help.visibleCommands(command).filter((one) => one.name() !== 'help');
    return visible.flatMap((one) => [one, ...listDeep(one)]);
  }

  function writeCommand(command: Command): string {
    const examples = COMMAND_EXAMPLES[command.name()] ?? [];
    const shown = examples.map((line) => `.br\n${escapeRoff(line)}`).join('\n');
    return [
      `.SS ${escapeRoff(help.commandUsage(command))}`,
      escapeRoff(command.description()),
      ...(command.options.length === 0 ? [] : [writeOptions(command)]),
      ...(shown === '' ? [] : [`.PP\nExamples:\n${shown}`]),
    ].join('\n');
  }

  function writeOptions(command: Command): string {
    return help
      .visibleOptions(command)
      .map((option) => entry(escapeRoff(option.flags), help.optionDescription(option)))
      .join('\n');
  }
}

function section(title: string, text: string): string {
  return `.SH ${title}\n${text}`;
}

function entry(term: string, about: string): string {
  return `.TP\n\\fB${term}\\fR\n${escapeRoff(about)}`;
}

/** Text as it is: no escape, no request at the beginning of a line, and hyphens that can be copied. */
function escapeRoff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');
}
