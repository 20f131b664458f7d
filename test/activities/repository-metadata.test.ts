import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readdir } from 'node:fs/promises';
import test, { after } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type RepositoryContent,
  type RepositoryLook,
  readRepository,
} from '../../activities/repository-metadata.ts';
import { runProgram } from '../../activities/run-program.ts';
import {
  ContentInvalidError,
  ContentMismatchError,
  SignatureRefusedError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import { RekmodError } from '../../model/errors.ts';
import { fixturePath, readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { serveFiles, startHttpRig } from '../support/http-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const REPOMD = '/repodata/repomd.xml';
const PRIMARY = '/repodata/primary.xml.gz';
const signer = await makeGpgRig();
after(() => signer[Symbol.asyncDispose]());

/** The fixture's repository, in memory. */
function repositoryFiles(): Map<string, string | Uint8Array> {
  return new Map<string, string | Uint8Array>([
    [REPOMD, readFixtureText('repodata/repomd.xml')],
    [PRIMARY, readFixture('repodata/primary.xml.gz')],
  ]);
}

interface Look {
  readonly content?: RepositoryContent;
  readonly error?: unknown;
  readonly requests: readonly string[];
}

/** Looks once at files served over HTTP; nothing may be left in the scratch directory. */
async function lookAt(
  files: ReadonlyMap<string, string | Uint8Array>,
  changes: Partial<RepositoryLook> = {},
): Promise<Look> {
  await using server = await startHttpRig(serveFiles(files));
  await using scratch = await makeScratch();
  const look: RepositoryLook = {
    baseUrl: `${server.url}/`,
    trust: { gpgKeys: [], repoGpgCheck: false, gpgCheck: false },
    validators: {},
    isWanted: (name) => name === 'kernel-core',
    scratch: scratch.path,
    signal: new AbortController().signal,
    ...changes,
  };
  const end = await readRepository(look).then(
    (content) => ({ content }),
    (error: unknown) => ({ error }),
  );
  assert.deepEqual(await readdir(scratch.path), []);
  return { ...end, requests: server.requests };
}

function contentOf({ content, error }: Look): Extract<RepositoryContent, { kind: 'read' }> {
  if (content?.kind !== 'read') throw error ?? new Error('BUG: expected content');
  return content;
}

test('readRepository() reads the wanted packages, with whole URLs', async () => {
  const { packages, packageCount } = contentOf(await lookAt(repositoryFiles()));

  assert.equal(packageCount, 8);
  assert.deepEqual(packages.map(({ name, version, release }) => [name, version, release]).sort(), [
    ['kernel-core', '6.1.0', '54.1.el9'],
    ['kernel-core', '6.1.0', '54.el9'],
    ['kernel-core', '6.1.0', '55.el9'],
  ]);
  assert.match(
    packages[0]?.location ?? '',
    /^http:\/\/127\.0\.0\.1:\d+\/kernel-core-6\.1\.0-\S+\.x86_64\.rpm$/,
  );
});

test('readRepository() makes one request of a repository that has not changed', async () => {
  const files = repositoryFiles();
  const { validators } = contentOf(await lookAt(files));

  const { content, requests } = await lookAt(files, { validators });

  assert.deepEqual(content, { kind: 'unchanged' });
  assert.deepEqual(requests, [`GET ${REPOMD}`]);
});

test('readRepository() reads a base URL with a path, with or without a final slash', async () => {
  const files = new Map(
    [...repositoryFiles()].map(([path, content]) => [`/9/BaseOS${path}`, content]),
  );
  for (const slash of ['', '/']) {
    await using server = await startHttpRig(serveFiles(files));

    const { packages } = contentOf(
      await lookAt(new Map(), { baseUrl: `${server.url}/9/BaseOS${slash}` }),
    );

    assert.ok(packages[0]?.location.startsWith(`${server.url}/9/BaseOS/kernel-core-`));
  }
});

for (const format of ['gz', 'xz', 'bz2']) {
  test(`readRepository() reads what createrepo_c packs with ${format}`, async () => {
    await using scratch = await makeScratch();
    const rpm = 'kernel-devel-6.1.0-54.el9.x86_64.rpm';
    await cp(fixturePath(`rpms/${rpm}`), scratch.at(rpm));
    const how = ['--quiet', '--no-database', `--general-compress-type=${format}`];
    await runProgram(['createrepo_c', ...how, scratch.path]);

    const { packages } = contentOf(
      await lookAt(new Map(), { baseUrl: `file://${scratch.path}`, isWanted: () => true }),
    );

    assert.deepEqual(
      packages.map(({ location }) => location),
      [`file://${scratch.at(rpm)}`],
    );
  });
}

async function assertRefused(
  files: ReadonlyMap<string, string | Uint8Array>,
  errorClass: abstract new (...args: never[]) => RekmodError,
  message: RegExp,
  changes: Partial<RepositoryLook> = {},
): Promise<void> {
  const { error } = await lookAt(files, changes);
  assert.ok(error instanceof errorClass, String(error));
  assert.match(error instanceof Error ? error.message : '', message);
}

test('readRepository() refuses primary metadata of other content, before it is parsed', async () => {
  const files = repositoryFiles();
  const primary = gunzipSync(readFixture('repodata/primary.xml.gz')).toString();
  const tampered = gzipSync(primary.replaceAll('kernel-core', 'kernel-evil'));
  files.set(PRIMARY, Buffer.concat([tampered, Buffer.alloc(2000)]).subarray(0, 1344));

  await assertRefused(files, ContentMismatchError, /primary\.xml\.gz": expected/);
});

test('readRepository() refuses primary metadata that is longer or shorter than promised', async () => {
  for (const length of [1343, 1345]) {
    const files = repositoryFiles();
    const whole = Buffer.concat([readFixture('repodata/primary.xml.gz'), Buffer.alloc(1)]);
    files.set(PRIMARY, whole.subarray(0, length));

    await assertRefused(files, ContentMismatchError, /expected .*1344 bytes, found/);
  }
});

test('readRepository() refuses primary metadata that is no UTF-8', async () => {
  const primary = gzipSync(Buffer.from([0x3c, 0xff, 0xfe, 0x3e]));
  const sha256 = createHash('sha256').update(primary).digest('hex');
  const repomd = readFixtureText('repodata/repomd.xml')
    .replace(/(?<="primary">\s+<checksum type="sha256">)[0-9a-f]+/, sha256)
    .replace('<size>1344<', `<size>${primary.length}<`);

  await assertRefused(
    new Map<string, string | Uint8Array>([
      [REPOMD, repomd],
      [PRIMARY, primary],
    ]),
    ContentInvalidError,
    /primary\.xml\.gz": expected UTF-8/,
  );
});

test('readRepository() says that the primary metadata is not where repomd.xml says', async () => {
  const files = repositoryFiles();
  files.delete(PRIMARY);

  await assertRefused(files, ContentMismatchError, /expected the file that repomd\.xml names/);
});

test('readRepository() says that repomd.xml names no primary metadata', async () => {
  const files = repositoryFiles();
  files.set(REPOMD, readFixtureText('repodata/repomd.xml').replace('"primary"', '"primary_db"'));

  await assertRefused(files, ContentInvalidError, /expected primary metadata, found none$/);
});

test('readRepository() says that there is no repository', async () => {
  await assertRefused(new Map(), StreamUnreachableError, /repomd\.xml": expected repository/);
});

const BAD_REPOMDS: readonly [what: string, content: string | Uint8Array][] = [
  ['a page of a proxy', '<html><body>Please log in</body></html>'],
  ['nothing', ''],
  ['a half file', readFixtureText('repodata/repomd.xml').slice(0, 500)],
  ['bytes that are no UTF-8', Buffer.from([0x3c, 0xff, 0xfe, 0x3e])],
  ['megabytes', 'x'.repeat(2_000_000)],
];

for (const [what, content] of BAD_REPOMDS) {
  test(`readRepository() refuses ${what} for repomd.xml with an error of its own`, async () => {
    await assertRefused(new Map([[REPOMD, content]]), RekmodError, /^Cannot .*expected/);
  });
}

/** The repository with a signature of the rig's key. */
async function signedFiles(): Promise<Map<string, string | Uint8Array>> {
  const files = repositoryFiles();
  return files.set(`${REPOMD}.asc`, await signer.sign(files.get(REPOMD) ?? ''));
}

function trust(...gpgKeys: readonly string[]): Partial<RepositoryLook> {
  return { trust: { gpgKeys, repoGpgCheck: true, gpgCheck: true } };
}

test('readRepository() accepts a repomd.xml that a configured key signed', async () => {
  await using other = await makeGpgRig();
  const files = await signedFiles();

  for (const keys of [
    [signer.publicKeyFile],
    [signer.binaryKeyFile],
    [other.publicKeyFile, signer.publicKeyFile],
    [other.binaryKeyFile, signer.publicKeyFile],
  ]) {
    assert.equal((await lookAt(files, trust(...keys))).content?.kind, 'read', keys.join());
  }
  await assertRefused(
    files,
    SignatureRefusedError,
    /expected a good signature by a configured key/,
    trust(other.publicKeyFile),
  );
});

test('readRepository() refuses a repomd.xml without a signature', async () => {
  await assertRefused(
    repositoryFiles(),
    SignatureRefusedError,
    /expected its signature ".*repomd\.xml\.asc", found none$/,
    trust(signer.publicKeyFile),
  );
});

test('readRepository() refuses a repomd.xml that was changed after it was signed', async () => {
  const files = await signedFiles();
  files.set(REPOMD, `${readFixtureText('repodata/repomd.xml')}\n`);

  await assertRefused(files, SignatureRefusedError, /BAD signature/, trust(signer.publicKeyFile));
});

test('readRepository() refuses a signature that is none', async () => {
  const files = repositoryFiles().set(`${REPOMD}.asc`, 'not a signature');

  await assertRefused(
    files,
    SignatureRefusedError,
    /expected a good signature/,
    trust(signer.publicKeyFile),
  );
});
