import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EXIT } from '../../cli/exit-codes.ts';
import { runProgram } from '../../cli/program.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { makeScratch } from '../support/scratch.ts';
import { openRecorder, type RecordedEnd } from '../support/terminal-recorder.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const FOREIGN = fixturePath('foreign');
const REPOSITORY = pathToFileURL(FOREIGN).href;
const KERNEL = fixturePath('foreign/kernel-core-6.1.0-54.el9.x86_64.rpm');
const SYMVERS = fixturePath('symvers/debian-6.1.0-54-amd64.symvers');
const CHANGED = fixturePath('symvers/debian-6.1.0-55-amd64.symvers');
const USER = fixturePath('foreign/kmod-user-1.0-1.x86_64.rpm');
const PROVIDER = fixturePath('foreign/kmod-provider-1.0-1.x86_64.rpm');

/** Runs `rekmod kabi` in this process; nothing may be left behind in TMPDIR. */
async function kabi(...args: readonly string[]): Promise<RecordedEnd> {
  await using scratch = await makeScratch();
  const { TMPDIR } = process.env;
  process.env.TMPDIR = scratch.path;
  const terminal = openRecorder();
  try {
    await runProgram(['kabi', ...args], terminal);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  assert.deepEqual(await readdir(scratch.path), []);
  return terminal.read();
}

/** Starts the program itself, where there is no configuration. */
async function start(...args: readonly string[]): Promise<RecordedEnd> {
  await using scratch = await makeScratch();
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), main, ...args],
    { cwd: scratch.path, encoding: 'utf8', env: { PATH, HOME: scratch.path } },
  );
  return { exitCode: status ?? -1, stdout, stderr };
}

test('rekmod prints, remarks and ends as its commands tell it', async () => {
  const good = await start('kabi', 'check', FOREIGN, '--kernel', KERNEL);
  const bad = await start('kabi', 'check', USER, '--kernel', '6.1.0');
  const help = await start('--help');

  assert.deepEqual(good, await kabi('check', FOREIGN, '--kernel', KERNEL));
  assert.equal(bad.exitCode, EXIT.configuration, bad.stderr);
  assert.match(bad.stderr, /^rekmod: Cannot .*config/);
  assert.equal(help.exitCode, EXIT.ok);
  assert.match(help.stdout, / kabi .* kABI .*\n.* import /s);
});

test('rekmod kabi check ends with 0 if all fit, without any configuration', async () => {
  const { exitCode, stdout, stderr } = await kabi('check', FOREIGN, '--kernel', KERNEL);

  assert.equal(exitCode, EXIT.ok, stderr);
  assert.match(stdout, /^6\.1\.0-54\.el9\.x86_64 \(x86_64, 312 symbols\)\n3 of 3 kmods fit\n/);
  assert.match(stderr, /passed over 4 packages/);
});

test('rekmod kabi check ends with 1 if one does not fit, or cannot be judged', async () => {
  const metadata = await kabi('check', REPOSITORY, '--kernel', `${REPOSITORY}#6.1.0-54.el9`);
  const alone = await kabi('check', USER, '--kernel', `${REPOSITORY}#6.1.0-55.el9`);
  const unreadable = await kabi('check', fixturePath('rpms/README.md'), '--kernel', SYMVERS);

  assert.equal(metadata.exitCode, EXIT.failed, metadata.stderr);
  assert.match(metadata.stdout, /4 of 9 kmods fit, 1 must be rebuilt, 1 will break, 3 were not/);
  assert.equal(alone.exitCode, EXIT.failed, alone.stderr);
  assert.match(alone.stdout, /`module_layout` \(0xbce1a965 → 0x9060323f, kernel-core\)/);
  assert.equal(unreadable.exitCode, EXIT.failed, unreadable.stderr);
  assert.match(unreadable.stdout, /not judged: Cannot use "README.md"/);
});

test('rekmod kabi check judges packages together, and says which one is missing', async () => {
  const kernel = ['--kernel', SYMVERS];
  const both = await kabi('check', USER, PROVIDER, ...kernel, '--json');

  assert.equal(both.exitCode, EXIT.ok, both.stderr);
  const { kernel: found, packages } = JSON.parse(both.stdout);
  assert.equal(found.symbolCount, 312);
  assert.deepEqual(
    packages.map((one: { name: string; verdict: object }) => [one.name, one.verdict]),
    [
      ['kmod-provider-1.0-1.x86_64', { kind: 'fits', why: 'symbols', importCount: 2 }],
      ['kmod-user-1.0-1.x86_64', { kind: 'fits', why: 'symbols', importCount: 2 }],
    ],
  );
});

test('rekmod kabi check takes several packages of one kernel', async () => {
  const parts = ['core', 'modules', 'modules-core'].flatMap((name) => [
    '--kernel',
    fixturePath(`foreign/kernel-${name}-6.1.0-54.el9.x86_64.rpm`),
  ]);

  const whole = await kabi('check', USER, PROVIDER, ...parts, '--metadata-only');
  const core = await kabi('check', USER, '--kernel', KERNEL, '--metadata-only');

  assert.equal(whole.exitCode, EXIT.ok, whole.stderr);
  assert.match(whole.stdout, /From metadata alone/);
  assert.equal(core.exitCode, EXIT.failed);
  assert.match(core.stdout, /a package of the kernel that was not given/);
});

const REFUSED: readonly [title: string, args: readonly string[], exitCode: number, says: RegExp][] =
  [
    ['no kernel', ['check', USER], EXIT.usage, /--kernel/],
    [
      'a kmod that is not there',
      ['check', '/no/kmod', '-k', SYMVERS],
      EXIT.configuration,
      /nothing/,
    ],
    [
      'a kernel that is not there',
      ['check', USER, '-k', '/no/kernel'],
      EXIT.configuration,
      /nothing/,
    ],
    ['a kernel that is none', ['check', USER, '-k', USER], EXIT.failed, /package of a kernel/],
    [
      'a directory without kmods',
      ['check', fixturePath('specs'), '-k', SYMVERS],
      EXIT.failed,
      /kmods/,
    ],
    [
      'a repository that does not answer',
      ['check', 'http://127.0.0.1:9/', '-k', SYMVERS],
      EXIT.unreachable,
      /Cannot fetch/,
    ],
  ];
for (const [title, args, exitCode, says] of REFUSED) {
  test(`rekmod kabi check ends with ${exitCode} for ${title}`, async () => {
    const end = await kabi(...args);

    assert.equal(end.exitCode, exitCode, end.stderr);
    assert.match(end.stderr, says);
    assert.equal(end.stdout, '');
  });
}

test('rekmod kabi diff takes the same kinds of kernels', async () => {
  const before = `${REPOSITORY}#6.1.0-54.el9`;
  const files = JSON.parse((await kabi('diff', SYMVERS, CHANGED, '--json')).stdout);
  const metadata = await kabi('diff', before, `${REPOSITORY}#6.1.0-55.el9`, '--json');
  const mixed = await kabi('diff', before, CHANGED);

  const delta = JSON.parse(metadata.stdout);
  const names = (list: readonly { symbol: string }[]) => list.map(({ symbol }) => symbol);
  assert.ok(files.lost.length > 0 && files.crcChanged.length > 0);
  assert.deepEqual(names(delta.lost), names(files.lost));
  assert.deepEqual(names(delta.crcChanged), names(files.crcChanged));
  assert.deepEqual(names(delta.added), names(files.added));
  assert.deepEqual([delta.moved, delta.namespaceChanged], [[], []]);
  assert.match(mixed.stdout, / 0 moved/);
  assert.match(mixed.stderr, /metadata/);
});
