import { resolve } from 'node:path';
import type { Command } from 'commander';
import { importDkms } from '../../activities/sources/import-dkms.ts';
import { dkmsImportToText } from '../../report/dkms-import-text.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface ImportOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `rekmod import`: make a kmod spec out of what is none. */
export function addImportCommand(program: Command, terminal: Terminal): void {
  const command = program.command('import').description('make kmod specs out of other sources');
  command
    .command('dkms')
    .argument('<source>', 'a folder with a dkms.conf, or a .deb, .rpm or tar archive that has one')
    .description('write a DKMS source out as spec and source archive; nothing of it is run')
    .option('-o, --output <folder>', "where to (default: a folder of the kmod's name)")
    .option('-f, --force', 'replace files that are there')
    .option('--json', 'as JSON')
    .action(async (path: string, options: ImportOptions) => {
      const { source, spec, archive } = await importDkms(path, {
        ...(options.output === undefined ? {} : { output: options.output }),
        isForced: options.force === true,
        signal: new AbortController().signal,
      });
      const { logic, remarks } = source.conf;
      const { kmodName } = source.spec;
      const places = { path: resolve(path), spec: resolve(spec), archive: resolve(archive) };
      const facts = { kmodName, ...places, logic, remarks };
      if (options.json) printJson(terminal, facts);
      else print(terminal, dkmsImportToText(facts));
    });
}
