import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadDefinitions } from '../../config/definitions.ts';
import { detectStream, parseOsRelease } from '../../config/detect-stream.ts';
import { exampleConfig } from '../../config/example.ts';
import { suggest } from '../../config/suggest.ts';
import { InitError } from '../../model/command-errors.ts';
import { print, type Terminal } from '../terminal.ts';

interface InitOptions {
  readonly stream?: string;
  readonly output: string;
  readonly osRelease: string;
}

/** `rekmod init`: a configuration to begin with, for the distribution of this machine. */
export function addInitCommand(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description('write a commented configuration for the distribution of this machine')
    .option('-s, --stream <name>', 'follow this shipped stream (default: by /etc/os-release)')
    .option('-o, --output <file>', 'where to write it', 'rekmod.yaml')
    .option('--os-release <file>', 'read the distribution from here', '/etc/os-release')
    .action(async (options: InitOptions) => {
      const stream = await chooseStream(options);
      const file = resolve(options.output);
      await writeNew(file, `${beginConfig(stream)}\n${await exampleConfig()}`);
      print(
        terminal,
        [
          `Wrote ${file}: follows ${stream}, no kmods yet.`,
          'Next: add a kmod below "kmods:", then',
          `  rekmod --config ${file} config check`,
          `  rekmod --config ${file} doctor`,
          `  rekmod --config ${file} up`,
        ].join('\n'),
      );
    });
}

async function chooseStream({ stream, osRelease }: InitOptions): Promise<string> {
  const shipped = [...(await loadDefinitions()).streams.keys()];
  if (stream !== undefined) {
    if (shipped.includes(stream)) return stream;
    throw new InitError(stream, `expected a shipped stream, ${suggest(stream, shipped)}`);
  }
  const distribution = parseOsRelease(await readFile(osRelease, 'utf8').catch(() => ''));
  const found = detectStream(distribution, shipped);
  if (found !== undefined) return found;
  const name = distribution.name === '' ? osRelease : distribution.name;
  const detail = `no stream is shipped for it; name one with --stream: ${shipped.join(', ')}`;
  throw new InitError(name, detail);
}

function beginConfig(stream: string): string {
  return `# Written by "rekmod init". What is set stands here; everything that can be set follows below as comments.
streams:
  ${stream}: {}

# Add yours here; "rekmod config check" says what is wrong with it, "rekmod reload" has a running rekmod take it.
kmods: {}
`;
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const reason = cause instanceof Error ? cause.message : String(cause);
    const detail = isThere ? 'expected no such file, found one; nothing was changed' : reason;
    throw new InitError(file, detail, { cause });
  }
}
