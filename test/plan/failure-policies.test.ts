import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { type FailureKind, RekmodError } from '../../model/errors.ts';
import { FAILURE_POLICIES, grow, pauseAfter } from '../../plan/failure-policies.ts';
import { formatSeconds } from '../../report/format-values.ts';

const root = new URL('../..', import.meta.url).pathname;

/** Folders whose errors may end an activity or a command. */
const FOLDERS = [
  'model',
  'kabi',
  'rpm',
  'plan',
  'report',
  'config',
  'containers',
  'activities',
  'cli',
];

/** A class that decides by what it was given has several; the kind of its passing trouble is the last. */
const KINDS: Readonly<Record<string, readonly FailureKind[]>> = {
  SdkMetricsError: ['machine'],
  AttemptOverlapError: ['machine'],
  BuildrootMissingError: ['engine'],
  ConfigError: ['configuration'],
  EngineMissingError: ['configuration'],
  ContainerInterruptedError: ['engine'],
  EngineUnavailableError: ['engine'],
  EngineRefusedError: ['configuration', 'engine'],
  MockTroubleError: ['configuration', 'machine'],
  PrepareFailedError: ['configuration', 'mirror'],
  ProgramFailedError: ['configuration', 'machine'],
  NoRoomError: ['disk'],
  MirrorLagsError: ['mirror'],
  RegistryUnreachableError: ['mirror'],
  StreamUnreachableError: ['mirror'],
  ContentMismatchError: ['mirror'],
  SignatureRefusedError: ['mirror'],
  TemporalUnreachableError: ['temporal'],
};

interface ErrorClass {
  readonly name: string;
  readonly text: string;
  readonly prototype: RekmodError;
}

/** Reads every class of the tree that is one of rekmod's errors. */
async function listErrorClasses(): Promise<readonly ErrorClass[]> {
  const found: ErrorClass[] = [];
  for (const folder of FOLDERS) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const path = join(root, folder, name);
      const text = await readFile(path, 'utf8');
      const classes = [...text.matchAll(/^export class (?<name>\w+) extends RekmodError\b/gmu)];
      if (classes.length === 0) continue;
      const module: Readonly<Record<string, unknown>> = await import(path);
      for (const { groups, index } of classes) {
        const own = module[groups?.name ?? ''];
        assert.ok(typeof own === 'function' && own.prototype instanceof RekmodError, path);
        const body = text.slice(index, text.indexOf('\n}\n', index));
        found.push({ name: own.name, text: body, prototype: own.prototype });
      }
    }
  }
  return found;
}

const classes = await listErrorClasses();

test('every error of the tree is of a class that the table of policies knows', async () => {
  assert.ok(classes.length > 40, `only ${classes.length} classes were found`);
  for (const { name, text, prototype } of classes) {
    const fixed = /readonly failureClass = '(?<word>\w+)'/u.exec(text)?.groups?.word;
    const isDecided = /this\.failureClass = /u.test(text);
    assert.ok(fixed !== undefined || isDecided, `${name} has no failure class`);
    const kind = fixed === undefined || fixed === 'transient' ? prototype.trouble : fixed;
    const policies: Readonly<Record<string, unknown>> = FAILURE_POLICIES;
    assert.ok(policies[kind], `${name}: nothing is said of "${kind}"`);
    // Passing trouble and what is decided by the case is told apart here by hand.
    if (fixed === undefined || fixed === 'transient') {
      assert.equal(KINDS[name]?.at(-1), kind, name);
    }
  }
});

test('no error is thrown of a class that is not exported where everybody finds it', async () => {
  const hidden: string[] = [];
  for (const folder of FOLDERS) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const text = await readFile(join(root, folder, name), 'utf8');
      const all = text.match(/class \w+ extends RekmodError\b/gu) ?? [];
      const known = text.match(/^export class \w+ extends RekmodError\b/gmu) ?? [];
      if (all.length !== known.length) hidden.push(`${folder}/${name}`);
    }
  }

  assert.deepEqual(hidden, []);
});

for (const [kind, { retry, after }] of Object.entries(FAILURE_POLICIES)) {
  test(`FAILURE_POLICIES are sound for ${kind}`, () => {
    const isPassing = !['outcome', 'configuration', 'bug'].includes(kind);

    assert.equal(retry !== undefined, isPassing);
    assert.equal(after, kind === 'outcome' ? 'remembered' : 'tried-again');
    if (retry) assert.ok(retry.firstPauseMs >= 1000 && retry.longestPauseMs >= retry.firstPauseMs);
  });
}

test('pauseAfter() doubles up to the limit and never for what is final', () => {
  assert.deepEqual(
    [1, 2, 5, 6, 5000].map((attempt) => pauseAfter('disk', attempt)),
    [15_000, 30_000, 240_000, 300_000, 300_000],
  );
  assert.equal(pauseAfter('outcome', 1), undefined);
});

test('grow() begins with the first pause, also before any failure', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => grow(10, 1000, count)),
    [10, 10, 20],
  );
});

test('failures.md tells of every kind what the table says', async () => {
  const manual = await readFile(join(root, 'docs/failures.md'), 'utf8');
  for (const [kind, { retry, after, told }] of Object.entries(FAILURE_POLICIES)) {
    const pauses = retry
      ? `${formatSeconds(retry.firstPauseMs / 1000)} to ${formatSeconds(retry.longestPauseMs / 1000)}`
      : 'no';
    const row = `| \`${kind}\` | ${pauses} | ${after === 'remembered' ? 'remembered' : 'tried again'} | ${told} |`;
    assert.ok(manual.includes(row), `docs/failures.md lacks the row ${row}`);
  }
});
