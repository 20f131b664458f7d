import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import { classifyGitFailure } from '../../activities/sources/git-failure.ts';
import { NotFoundError, StreamUnreachableError } from '../../model/activity-errors.ts';
import type { GitSource, Kmod } from '../../model/kmod.ts';
import { readFixtureText } from '../kabi/fixtures.ts';
import { type DataRig, makeDataRig } from '../support/data-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';

const signal = new AbortController().signal;
const SPEC = readFixtureText('specs/elrepo9.spec');

/** A real repository beside the data directory, with a spec in a folder of its own. */
interface GitRig extends AsyncDisposable {
  readonly data: DataRig;
  readonly url: string;
  at(...parts: readonly string[]): string;
  git(...args: readonly string[]): Promise<string>;
  commit(message: string): Promise<string>;
}

async function makeGitRig(files: Readonly<Record<string, string>> = FILES): Promise<GitRig> {
  const data = await makeDataRig();
  const tree = data.scratch.at('repository');
  await mkdir(tree);
  const git = (...args: readonly string[]) => runGitIn(tree, args);
  await git('init', '--quiet', '--initial-branch=main');
  await writeFiles(tree, files);
  const rig: GitRig = {
    data,
    url: pathToFileURL(tree).href,
    at: (...parts) => join(tree, ...parts),
    git,
    async commit(message) {
      await git('add', '-A');
      await git('commit', '--quiet', '--allow-empty', '-m', message);
      return (await git('rev-parse', 'HEAD')).trim();
    },
    [Symbol.asyncDispose]: () => data[Symbol.asyncDispose](),
  };
  await rig.commit('first');
  return rig;
}

async function runGitIn(directory: string, args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  const { stdout } = await runProgram([
    'git',
    '-C',
    directory,
    ...identity,
    '-c',
    'protocol.file.allow=always',
    ...args,
  ]);
  return stdout;
}

async function writeFiles(tree: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(tree, path, '..'), { recursive: true });
    await writeFile(join(tree, path), content);
    if (content.startsWith('#!')) await chmod(join(tree, path), 0o755);
  }
}

const FILES = {
  'rpm/kmod-demo.spec': SPEC,
  'rpm/demo-1.2.tar.gz': 'sources',
  'rpm/fix.patch': 'patch',
  'rpm/find.sh': '#!/bin/sh\n',
  'rpm/more/not-flat': 'x',
  README: 'hello',
};

function kmodAt(rig: GitRig, changes: Partial<GitSource> = {}): Kmod {
  const source: GitSource = {
    kind: 'git',
    url: rig.url,
    ref: { kind: 'branch', name: 'main' },
    hasSubmodules: false,
    ...changes,
  };
  return kmodOf('demo', { source, dialect: 'auto' });
}

async function read(rig: GitRig, changes: Partial<GitSource> = {}) {
  return await rig.data.readKmod(kmodAt(rig, changes), { signal });
}

test('readKmod() reads a spec and the files beside it from a branch', async () => {
  await using rig = await makeGitRig();

  const input = await read(rig);

  assert.deepEqual(
    [input.specName, input.specText, input.dialectFor(kernelOf('5.14.0-611.el9')).name],
    ['kmod-demo.spec', SPEC, 'elrepo'],
  );
  const copy = rig.data.scratch.at('copy');
  await input.copySources(copy);
  assert.deepEqual((await readdir(copy)).sort(), ['demo-1.2.tar.gz', 'find.sh', 'fix.patch']);
  assert.equal(await readFile(join(copy, 'fix.patch'), 'utf8'), 'patch');
  assert.deepEqual(
    await Promise.all(
      ['find.sh', 'fix.patch'].map(async (name) => (await stat(join(copy, name))).mode & 0o777),
    ),
    [0o755, 0o644],
  );
});

test('readKmod() follows a branch, and stays at a tag and at a commit', async () => {
  await using rig = await makeGitRig();
  await rig.git('tag', 'light');
  await rig.git('tag', '-a', 'v1', '-m', 'one');
  const commit = (await rig.git('rev-parse', 'HEAD')).trim();
  const digestsAt = async () =>
    await Promise.all(
      [
        { kind: 'head' } as const,
        { kind: 'branch', name: 'main' } as const,
        { kind: 'tag', name: 'v1' } as const,
        { kind: 'tag', name: 'light' } as const,
        { kind: 'commit', commit } as const,
      ].map(async (ref, index) => {
        const kmod = { ...kmodAt(rig, { ref }), name: `demo${index}` };
        return (await rig.data.readKmod(kmod, { signal })).sourceDigest;
      }),
    );
  const before = await digestsAt();
  assert.equal(new Set(before).size, 1);

  await writeFile(rig.at('rpm/fix.patch'), 'another');
  await rig.commit('second');
  // A look is good for some seconds; here it is forgotten.
  await rm(join(rig.data.data.cache, 'sources'), { recursive: true });
  const after = await digestsAt();

  assert.notEqual(after[0], before[0]);
  assert.equal(after[0], after[1]);
  assert.deepEqual(after.slice(2), before.slice(2));
});

test('readKmod() gives the planned source, although the branch went on', async () => {
  await using rig = await makeGitRig();
  const kmod = kmodAt(rig);
  const planned = (await rig.data.readKmod(kmod, { signal })).sourceDigest;
  await writeFile(rig.at('rpm/fix.patch'), 'another');
  await rig.commit('second');
  await rm(join(rig.data.data.cache, 'git'), { recursive: true });
  await forgetLook(rig);
  const newest = (await rig.data.readKmod(kmod, { signal })).sourceDigest;

  const again = await rig.data.readKmod(kmod, { signal, freshness: 'known', planned });

  assert.notEqual(newest, planned);
  assert.equal(again.sourceDigest, planned);
  const known = await rig.data.readKmod(kmod, { signal, freshness: 'known' });
  assert.equal(known.sourceDigest, newest);
});

/** Makes the last look one of long ago. */
async function forgetLook(rig: GitRig): Promise<void> {
  const path = join(rig.data.data.cache, 'sources', 'demo.json');
  const record: object = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...record, checkedAt: '2020-01-01T00:00:00.000Z' }));
}

test('readKmod() goes on with what it knows while the repository is away', async () => {
  await using rig = await makeGitRig();
  const { sourceDigest } = await read(rig);
  await forgetLook(rig);
  await using server = await startDeafServer();
  // The same source, as far as rekmod knows, whose server answers no more.
  const record = join(rig.data.data.cache, 'sources', 'demo.json');
  const url = `git://127.0.0.1:${server.port}/demo.git`;
  const moved = kmodAt(rig, { url });
  const text = await readFile(record, 'utf8');
  await writeFile(
    record,
    JSON.stringify({ ...JSON.parse(text), source: JSON.stringify(moved.source) }),
  );
  const [copy = ''] = await readdir(join(rig.data.data.cache, 'git'));
  const place = createHash('sha256').update(url).digest('hex').slice(0, 32);
  await rename(join(rig.data.data.cache, 'git', copy), join(rig.data.data.cache, 'git', place));

  const input = await rig.data.readKmod(moved, { signal });

  assert.equal(input.sourceDigest, sourceDigest);
  assert.match(
    rig.data.reports.join('\n'),
    /^demo: the source found at 2020-01-01T00:00:00\.000Z is used: Cannot fetch "git:/,
  );
});

/** A server that hangs up on everybody. */
async function startDeafServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test('readKmod() says that a repository cannot be reached now', async () => {
  await using rig = await makeGitRig();
  await using server = await startDeafServer();

  await assert.rejects(
    read(rig, { url: `git://127.0.0.1:${server.port}/x.git` }),
    StreamUnreachableError,
  );
});

for (const [what, changes, message] of [
  ['branch', { ref: { kind: 'branch', name: 'none' } }, /expected branch "none", found none$/],
  ['tag', { ref: { kind: 'tag', name: 'none' } }, /expected tag "none", found none$/],
  ['commit', { ref: { kind: 'commit', commit: 'f'.repeat(40) } }, /^Cannot fetch "file:/],
  [
    'repository',
    { url: 'file:///none/at/all.git' },
    /^Cannot fetch "file:\/\/\/none\/at\/all.git": /,
  ],
] as const) {
  test(`readKmod() says that there is no such ${what}`, async () => {
    await using rig = await makeGitRig();

    await assert.rejects(read(rig, changes), (error) => {
      assert.ok(error instanceof NotFoundError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('readKmod() fetches a commit of which only its own history is shallow', async () => {
  await using rig = await makeGitRig();
  const commit = (await rig.git('rev-parse', 'HEAD')).trim();
  await writeFile(rig.at('rpm/fix.patch'), 'another');
  await rig.commit('second');

  const input = await read(rig, { ref: { kind: 'commit', commit } });

  const [copy = ''] = await readdir(join(rig.data.data.cache, 'git'));
  const directory = join(rig.data.data.cache, 'git', copy);
  assert.equal((await runGitIn(directory, ['rev-list', '--count', '--all', commit])).trim(), '1');
  await input.copySources(rig.data.scratch.at('copy'));
  assert.equal(await readFile(rig.data.scratch.at('copy', 'fix.patch'), 'utf8'), 'patch');
});

test('readKmod() takes the spec that is named, and asks where there are two', async () => {
  await using rig = await makeGitRig({
    ...FILES,
    'other/kmod-demo.spec': `${SPEC}\n`,
    'other/demo-1.2.tar.gz': '',
  });

  await assert.rejects(
    read(rig),
    /expected one spec, found "other\/kmod-demo\.spec" and "rpm\/kmod-demo\.spec"; name it with "spec"$/,
  );

  assert.equal((await read(rig, { spec: 'other/kmod-demo.spec' })).specText, `${SPEC}\n`);
  await assert.rejects(
    read(rig, { spec: 'none.spec' }),
    /expected a spec "none\.spec", found other\/kmod/,
  );
});

const SPEC_OF_TREE = `${SPEC.replace(/^%description/m, 'Source0: https://example.org/%{name}-%{version}.tar.gz\nPatch1: fix.patch\n%description')}`;

test('readKmod() makes the source archive of the tree where it is asked to', async () => {
  await using rig = await makeGitRig({
    'demo.spec':
      'Name: demo\nVersion: 7\nSource0: %{name}-%{version}.tar.gz\n%{!?kversion: %define kversion 1}\n',
    'src/a.c': 'code',
    run: '#!/bin/sh\n',
  });
  await assert.rejects(
    read(rig),
    /expected Source0 "demo-7\.tar\.gz" of the spec beside it, found none; put it there, or give it with "archive" or "sources"$/,
  );

  const input = await read(rig, { archive: 'demo-7.tar.gz' });

  const copy = rig.data.scratch.at('copy');
  await input.copySources(copy);
  const { stdout } = await runProgram(['tar', '-tvf', join(copy, 'demo-7.tar.gz')]);
  assert.match(stdout, /^-rw-r--r-- .* demo-7\/src\/a\.c$/m);
  assert.match(stdout, /^-rwxr-xr-x .* demo-7\/run$/m);
  const { sourceDigest } = input;
  await writeFile(rig.at('src/a.c'), 'edited');
  await rig.commit('second');
  await forgetLook(rig);
  assert.notEqual((await read(rig, { archive: 'demo-7.tar.gz' })).sourceDigest, sourceDigest);
});

test('readKmod() takes sources of this machine that the tree lacks', async () => {
  await using rig = await makeGitRig({ 'demo.spec': SPEC_OF_TREE, 'fix.patch': 'patch' });
  const sources = rig.data.scratch.at('sources');
  await mkdir(sources);
  const names = ['demo-1.2.tar.gz', 'kmod-demo-1.2.tar.gz'];
  for (const name of names) {
    await assert.rejects(
      read(rig, { sources }),
      new RegExp(`expected Source0 "${name.replaceAll('.', '\\.')}" of the spec beside it`),
    );
    await writeFile(join(sources, name), 'archive');
  }

  const input = await read(rig, { sources });

  await input.copySources(rig.data.scratch.at('copy'));
  const copied = await readdir(rig.data.scratch.at('copy'));
  assert.deepEqual(copied.sort(), [...names, 'fix.patch'].sort());
});

test('readKmod() reads a DKMS source where the tree has no spec', async () => {
  await using rig = await makeGitRig({
    'dkms.conf': readFixtureText('dkms/jool.conf'),
    'src/x.c': 'code',
  });

  const input = await read(rig);

  assert.deepEqual(
    [input.specName, input.dialectFor(kernelOf('5.14.0-611.el9')).name],
    ['jool-kmod.spec', 'rhel-kmp'],
  );
  await input.copySources(rig.data.scratch.at('copy'));
  assert.deepEqual(await readdir(rig.data.scratch.at('copy')), ['jool-4.1.9.tar.gz']);
});

test('readKmod() fetches submodules only if it is asked to', async () => {
  await using inner = await makeGitRig({ 'inner.c': 'inner' });
  await using rig = await makeGitRig({ 'dkms.conf': readFixtureText('dkms/jool.conf') });
  await rig.git('submodule', '--quiet', 'add', inner.url, 'lib/inner');
  await rig.commit('submodule');
  const list = async (hasSubmodules: boolean) => {
    const input = await read(rig, { hasSubmodules });
    const copy = rig.data.scratch.at(`copy-${hasSubmodules}`);
    await input.copySources(copy);
    const { stdout } = await runProgram(['tar', '-tf', join(copy, 'jool-4.1.9.tar.gz')]);
    return stdout.split('\n').filter((line) => line.endsWith('.c'));
  };

  assert.deepEqual(await list(false), []);
  assert.deepEqual(await list(true), ['jool-4.1.9/lib/inner/inner.c']);
});

for (const address of ['ext::sh -c id', '/etc', 'https://x/\ny', '-oProxyCommand=id']) {
  test(`readKmod() refuses a submodule at ${JSON.stringify(address)}`, async () => {
    await using inner = await makeGitRig({ 'inner.c': 'inner' });
    await using rig = await makeGitRig({ 'dkms.conf': readFixtureText('dkms/jool.conf') });
    await rig.git('submodule', '--quiet', 'add', inner.url, 'lib/inner');
    await rig.git('config', '-f', '.gitmodules', 'submodule.lib/inner.url', address);
    await rig.commit('submodule');

    await assert.rejects(
      read(rig, { hasSubmodules: true }),
      /expected an address of submodule "lib\/inner" that may be used/,
    );
  });
}

test('readKmod() runs no hook and checks nothing out', async () => {
  await using rig = await makeGitRig();
  const mark = rig.data.scratch.at('mark');
  for (const hook of ['post-checkout', 'post-update', 'reference-transaction', 'post-merge']) {
    await writeFile(rig.at('.git/hooks', hook), `#!/bin/sh\necho ran >>"${mark}"\n`, {
      mode: 0o755,
    });
  }
  await symlink('/etc/passwd', rig.at('rpm/secret'));
  await rig.commit('link');
  await rm(mark, { force: true });

  const input = await read(rig);

  await input.copySources(rig.data.scratch.at('copy'));
  assert.ok(!(await readdir(rig.data.scratch.at('copy'))).includes('secret'));
  await assert.rejects(stat(mark), /ENOENT/);
});

const WORDS: readonly [words: string, expected: string][] = [
  ["fatal: couldn't find remote ref refs/heads/x", 'refused'],
  ["fatal: repository 'https://x/y.git/' not found", 'refused'],
  ["fatal: '/x' does not appear to be a git repository", 'refused'],
  ["fatal: could not read Username for 'https://x': terminal prompts disabled", 'refused'],
  ['git@x: Permission denied (publickey).', 'refused'],
  ['fatal: unable to access: The requested URL returned error: 403', 'refused'],
  ["fatal: transport 'ext' not allowed", 'refused'],
  ['fatal: unable to access: The requested URL returned error: 503', 'unreachable'],
  ['fatal: unable to access: The requested URL returned error: 429', 'unreachable'],
  ["fatal: unable to access 'https://x/': Could not resolve host: x", 'unreachable'],
  ['fatal: unable to connect to x: Connection refused', 'unreachable'],
  ['fatal: early EOF', 'unreachable'],
  ['fatal: write error: File too large', 'too-large'],
  ['error: index-pack died of signal 25', 'too-large'],
  ['fatal: fetch-pack: invalid index-pack output', 'too-large'],
  ['fatal: early EOF\nfatal: fetch-pack: invalid index-pack output', 'unreachable'],
  ['fatal: write error: No space left on device\nfatal: invalid index-pack output', 'unreachable'],
  ['something that nobody has seen before', 'unreachable'],
];
for (const [words, expected] of WORDS) {
  test(`classifyGitFailure() takes ${JSON.stringify(words)} for ${expected}`, () => {
    assert.equal(classifyGitFailure(words), expected);
  });
}
