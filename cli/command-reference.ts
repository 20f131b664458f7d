import type { Command } from 'commander';

const COLUMNS = 100;

/** Writes the help of all commands as one Markdown page, `docs/reference/commands.md`. */
export function commandReference(program: Command): string {
  const parts = listDeep(program).map((command) => {
    return `## ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
  });
  return `# Commands\n\nMade of the help of each command by \`rekmod man --markdown\`.\n\n${parts.join('\n')}`;
}

function listDeep(command: Command): readonly Command[] {
  const visible = command.createHelp().visibleCommands(command);
  const own = visible.filter((one) => one.name() !== 'help');
  return [command, ...own.flatMap((one) => listDeep(one))];
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => COLUMNS,
  });
  command.outputHelp();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
