import type { Command } from 'commander';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { readStreamLists } from '../../activities/stream-lists.ts';
import { dataDirectory } from '../../config/data-directory.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { loadSettings } from '../../config/load-settings.ts';
import type { Kmod } from '../../model/kmod.ts';
import { findCycles } from '../../plan/find-cycles.ts';
import { compareSettings } from '../../report/compare-settings.ts';
import { describeCycle } from '../../report/describe-need.ts';
import { settingsChangesToText } from '../../report/settings-changes-text.ts';
import { openContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { requireRunning } from '../running-settings.ts';
import { requireSameFile } from '../same-config.ts';
import { print, printJson, type Terminal } from '../terminal.ts';
import { listUnverifiedTargets } from '../unverified-targets.ts';

/** `rekmod config`: check the configuration, show it, export its schema. */
export function addConfigCommand(program: Command, terminal: Terminal): void {
  const config = program.command('config').description('check and show the configuration');
  config
    .command('check')
    .description('check the configuration file, and the lists that it names')
    .action(async () => {
      const { configFile, settings } = await openContext(program.opts());
      const { streams, kmods } = settings;
      for (const stream of streams) await readStreamLists(stream);
      for (const target of listUnverifiedTargets(settings)) {
        terminal.remark(
          `${configFile}: packages of "targets.${target}.repositories" are installed unverified: name their keys in "gpgKeys"`,
        );
      }
      const cycles = listNeedCycles(kmods);
      for (const cycle of cycles) {
        print(
          terminal,
          `${configFile}: wrong "needs": ${describeCycle(cycle)}; these kmods cannot be built, all others can`,
        );
      }
      if (cycles.length > 0) terminal.setExitCode(EXIT.configuration);
      else
        print(terminal, `${configFile}: good (${streams.length} streams, ${kmods.length} kmods)`);
    });
  config
    .command('diff')
    .description('say what the file changes against what "rekmod up" works by; changes nothing')
    .option('--json', 'as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const data = layOutDataDirectory(dataDirectory(process.env));
      const running = await requireRunning(data, 'compare the configuration');
      requireSameFile(running, program.opts());
      const wanted = await loadSettings(running.configFile);
      const changes = compareSettings(running.settings, wanted);
      if (options.json) printJson(terminal, changes);
      else print(terminal, settingsChangesToText(changes));
    });
  config
    .command('show')
    .description('print the configuration with every default filled in, as JSON')
    .action(async () => printJson(terminal, (await openContext(program.opts())).settings));
  config
    .command('schema')
    .description('print the JSON Schema of the configuration file, for editors')
    .action(() => printJson(terminal, configJsonSchema()));
}

/** Cycles of what the configuration itself says; those of specs and builds are told by `rekmod plan`. */
function listNeedCycles(kmods: readonly Kmod[]): readonly (readonly string[])[] {
  const cycles = findCycles(new Map(kmods.map(({ name, needs = [] }) => [name, needs])));
  const byWords = new Map([...cycles.values()].map((cycle) => [describeCycle(cycle), cycle]));
  return [...byWords.values()];
}
