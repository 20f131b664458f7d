import type { Command } from 'commander';
import { configJsonSchema } from '../../config/json-schema.ts';
import { openContext } from '../context.ts';
import { print, printJson } from '../terminal.ts';

/** `rekmod config`: check the configuration, show it, export its schema. */
export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('check and show the configuration');
  config
    .command('check')
    .description('check the configuration file')
    .action(async () => {
      const { configFile, settings } = await openContext(program.opts());
      const { streams, kmods } = settings;
      print(`${configFile}: good (${streams.length} streams, ${kmods.length} kmods)`);
    });
  config
    .command('show')
    .description('print the configuration with every default filled in, as JSON')
    .action(async () => printJson((await openContext(program.opts())).settings));
  config
    .command('schema')
    .description('print the JSON Schema of the configuration file, for editors')
    .action(() => printJson(configJsonSchema()));
}
