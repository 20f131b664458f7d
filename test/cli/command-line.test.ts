import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { requireNamed } from '../../activities/require-named.ts';
import { COMMAND_EXAMPLES } from '../../cli/command-examples.ts';
import { type Candidate, completeWords } from '../../cli/complete-words.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { createProgram, runProgram } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { loadSettings } from '../../config/load-settings.ts';
import { makeScratch } from '../support/scratch.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../bin/rekmod', import.meta.url));
const NAMES = {
  kmods: ['jool', 'joolly', 'zfs'],
  kernels: ['6.1.0-54-amd64', '6.1.0-55-amd64'],
  streams: ['lab'],
  repositories: ['kmods'],
};

interface Spoken {
  readonly answer: string;
  readonly remarks: string;
  readonly exitCode: number;
}

async function speak(...args: readonly string[]): Promise<Spoken> {
  const said = { answer: '', remarks: '', exitCode: EXIT.ok as number };
  await runProgram(args, terminalFor(said));
  return said;
}

function terminalFor(said: { answer: string; remarks: string; exitCode: number }): Terminal {
  return {
    ...{ hasColor: false, columns: 80 },
    write: (text) => {
      said.answer += text;
    },
    remark: (line) => {
      said.remarks += `${line}\n`;
    },
    setExitCode: (exitCode) => {
      said.exitCode = exitCode;
    },
  };
}

async function wholeProgram(): Promise<Command> {
  return await createProgram([], terminalFor({ answer: '', remarks: '', exitCode: 0 }));
}

test('every command has a group, a description and examples that name what there is', async () => {
  const program = await wholeProgram();
  const commands = program.commands.filter((one) => one.name() !== 'help');
  for (const command of commands) {
    const name = command.name();
    assert.ok((command.helpGroup() ?? '') !== '', name);
    assert.ok(command.description() !== '', name);
    for (const line of COMMAND_EXAMPLES[name] ?? []) requireKnownOptions(program, line);
  }
  const withoutOwn = commands.filter((one) => COMMAND_EXAMPLES[one.name()] === undefined);
  for (const command of withoutOwn) {
    if (command.name() === 'signer') continue;
    assert.match((await speak(command.name(), '--help')).answer, /Examples:\n {2}rekmod /);
  }
});

/** Walks an example as the parser would, up to a pipe. */
function requireKnownOptions(program: Command, line: string): void {
  const words = (line.split(/ [|>&]/)[0] ?? '').split(' ').slice(1);
  let command = program;
  for (const word of words) {
    command = command.commands.find((one) => one.name() === word) ?? command;
    if (!word.startsWith('-') || word === '-') continue;
    const options = [...command.options, ...program.options];
    assert.ok(
      options.some(({ short, long }) => [short, long].includes(word)),
      `${line}: ${word}`,
    );
  }
  assert.notEqual(command, program, line);
}

test('a slip in a command or an option is answered by what was probably meant', async () => {
  const command = await speak('statsu');
  assert.match(command.remarks, /Did you mean status\?/);
  assert.equal(command.exitCode, EXIT.usage);
  const option = await speak('status', '--jsno');
  assert.match(option.remarks, /Did you mean --json\?/);
  assert.equal(option.exitCode, EXIT.usage);
});

test('a slip in a name is answered by the likeliest first, and not by all of hundreds', () => {
  const names = [
    'alpha',
    'beta',
    'v4l2loopback',
    ...Array.from({ length: 99 }, (_, at) => `k${at}`),
  ];
  const kmods = names.map((name) => ({ name }));
  assert.throws(
    () => requireNamed(kmods, 'rebuild', 'kmod', 'v4l2lopback'),
    ({ message }: Error) => /kmod \(v4l2loopback, .*, …\)/.test(message) && message.length < 200,
  );
});

function valuesOf(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ value }) => value);
}

test('completeWords() offers commands, options, names and the values of options', async () => {
  const program = await wholeProgram();
  const complete = (...words: readonly string[]) => valuesOf(completeWords(program, words, NAMES));

  assert.deepEqual(complete('sta'), ['status']);
  assert.deepEqual(complete('rebuild', 'joo'), ['jool', 'joolly']);
  assert.deepEqual(complete('why', 'jool', '6.1.0-55'), ['6.1.0-55-amd64']);
  assert.deepEqual(complete('rebuild', 'jool', '--kernel', ''), NAMES.kernels);
  assert.deepEqual(complete('status', '--stream', ''), ['lab']);
  assert.deepEqual(complete('rebuild', '--no-w'), ['--no-wait']);
  assert.deepEqual(complete('gate', 'pro'), ['promote']);
  assert.deepEqual(complete('rollback', ''), ['kmods']);
  assert.ok(complete('freeze', '').includes('lab'));
  assert.ok(!complete('completion', '').includes('words'), 'what is hidden stays so');
  assert.deepEqual(complete('completion', 'z'), ['zsh']);
  assert.deepEqual(complete('nothing', 'like', 'this'), []);
});

test('bash completes by what "rekmod completion bash" prints', async () => {
  const script = `PATH=${dirname(PROGRAM)}:$PATH; source <(rekmod completion bash)
    COMP_WORDS=(rekmod unw); COMP_CWORD=1; _rekmod; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script]);
  assert.equal(stdout, 'unwaive\n');
});

test('the manual page has every command and nothing that roff would take for its own', async () => {
  const { answer } = await speak('man');
  const program = await wholeProgram();
  for (const command of program.commands.filter((one) => one.name() !== 'help')) {
    assert.match(answer, new RegExp(`^\\.SS rekmod ${command.name()}`, 'm'));
  }
  const requests = answer.split('\n').filter((line) => /^[.']/.test(line));
  const unknown = requests.filter((line) => !/^\.(?:TH|SH|SS|TP|PP|br|B)(?: |$)/.test(line));
  assert.deepEqual(unknown, []);
});

test('docs/reference/commands.md is what the commands say of themselves', async () => {
  const file = new URL('../../docs/reference/commands.md', import.meta.url);
  const { answer } = await speak('man', '--markdown');
  assert.equal(
    await readFile(file, 'utf8'),
    answer,
    'rekmod man --markdown > docs/reference/commands.md',
  );
});

test('rekmod init writes what loads, for the distribution, and overwrites nothing', async () => {
  await using scratch = await makeScratch();
  const file = `${scratch.path}/rekmod.yaml`;
  const release = `${scratch.path}/os-release`;
  await writeFile(release, 'ID="centos"\nVERSION_ID="9"\nPRETTY_NAME="CentOS Stream 9"\n');
  const said = await speak('init', '--output', file, '--os-release', release);
  assert.equal(said.exitCode, EXIT.ok, said.remarks);
  assert.match(said.answer, /follows centos-stream-9/);
  const written = await readFile(file, 'utf8');
  assert.match(written, /^streams:\n {2}centos-stream-9: \{\}\n/m);
  // Its distribution's key is on machines of that distribution alone.
  await loadSettings(file).catch((error: Error) => assert.match(error.message, /RPM-GPG-KEY/));

  const again = await speak('init', '--output', file, '--os-release', release);
  assert.equal(again.exitCode, EXIT.configuration);
  assert.match(again.remarks, /found one; nothing was changed/);
  assert.equal(await readFile(file, 'utf8'), written);
});

test('rekmod init says which streams there are where none is for the distribution', async () => {
  await using scratch = await makeScratch();
  const release = `${scratch.path}/os-release`;
  await writeFile(release, 'ID=debian\nVERSION_ID=\'12\'\nPRETTY_NAME="Debian 12"\n');
  const output = ['--output', `${scratch.path}/rekmod.yaml`];
  const said = await speak('init', ...output, '--os-release', release);
  assert.equal(said.exitCode, EXIT.configuration);
  assert.match(said.remarks, /"Debian 12": no stream is shipped .*--stream: .*fedora-44/);
  const slip = await speak('init', ...output, '--stream', 'fedora44');
  assert.match(slip.remarks, /did you mean "fedora-44"\?/);
});
