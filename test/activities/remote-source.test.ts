import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import {
  ContentInvalidError,
  NotFoundError,
  SignatureRefusedError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import type { Kmod, KmodSource } from '../../model/kmod.ts';
import { fixturePath, readFixtureText } from '../kabi/fixtures.ts';
import { type DataRig, makeDataRig } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { findFreePort, serveFiles, startHttpRig } from '../support/http-rig.ts';
import { kmodOf } from '../support/plan-facts.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const signal = new AbortController().signal;
const signer = await makeGpgRig();
after(() => signer[Symbol.asyncDispose]());

const SPEC = readFixtureText('specs/elrepo9.spec');

function demo(source: KmodSource): Kmod {
  return kmodOf('demo', { source, dialect: 'auto' });
}

/** Makes a real source package; one of its sources is a program. */
async function makeSourceRpm(scratch: Scratch, version: string): Promise<string> {
  const directory = scratch.at(`sources-${version}`);
  await mkdir(directory, { recursive: true });
  const spec = join(directory, 'kmod-demo.spec');
  const sources = 'Source0: code.tar.gz\nSource1: find-provides.sh\n';
  await writeFile(
    spec,
    `%{!?kversion: %define kversion 1}\nName: kmod-demo\nVersion: ${version}\nRelease: 1\nSummary: x\nLicense: MIT\n${sources}%description\nx\n`,
  );
  await writeFile(join(directory, 'code.tar.gz'), `code of ${version}`);
  await writeFile(join(directory, 'find-provides.sh'), '#!/bin/sh\n', { mode: 0o755 });
  const macros = [`_topdir ${scratch.at('top')}`, `_sourcedir ${directory}`];
  await runProgram(['rpmbuild', '-bs', ...macros.flatMap((macro) => ['--define', macro]), spec]);
  return scratch.at('top', 'SRPMS', `kmod-demo-${version}-1.src.rpm`);
}

/** A repository with the versions, as createrepo_c makes it. */
async function makeRepository(
  scratch: Scratch,
  versions: readonly string[],
  isSigned = false,
): Promise<string> {
  const repository = scratch.at('repository');
  await mkdir(repository, { recursive: true });
  for (const version of versions) {
    const rpm = join(repository, `kmod-demo-${version}-1.src.rpm`);
    await copyFile(await makeSourceRpm(scratch, version), rpm);
    if (isSigned) await signer.signRpm(rpm);
  }
  await runProgram(['createrepo_c', '--quiet', repository]);
  return repository;
}

async function serveRepository(repository: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const names = await readdir(repository, { recursive: true, withFileTypes: true });
  return new Map(
    await Promise.all(
      names
        .filter((entry) => entry.isFile())
        .map(async ({ parentPath, name }) => {
          const path = join(parentPath, name);
          return [path.slice(repository.length), await readFile(path)] as const;
        }),
    ),
  );
}

async function copyOf(rig: DataRig, kmod: Kmod): Promise<Readonly<Record<string, string>>> {
  const input = await rig.readKmod(kmod, { signal, freshness: 'known' });
  const directory = rig.scratch.at(`copy-${Math.random()}`);
  await input.copySources(directory);
  const { stdout } = await runProgram(['stat', '-c', '%a %n', ...(await listPaths(directory))]);
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(line.lastIndexOf('/') + 1), line.slice(0, 3)]),
  );
}

async function listPaths(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).map((name) => join(directory, name));
}

test('readKmod() keeps the programs of a source package programs', async () => {
  await using rig = await makeDataRig();
  const path = await makeSourceRpm(rig.scratch, '1.0');

  assert.deepEqual(await copyOf(rig, demo({ kind: 'srpm', path })), {
    'code.tar.gz': '644',
    'find-provides.sh': '755',
  });
});

test('readKmod() takes the newest source package of a repository, and the next one', async () => {
  await using rig = await makeDataRig();
  await using scratch = await makeScratch();
  const repository = await makeRepository(scratch, ['1.9', '1.10', '1.2']);
  const source = { kind: 'repository', packageName: 'kmod-demo', gpgKeys: [] } as const;
  const kmod = demo({ ...source, url: pathToFileURL(repository).href });

  const first = await rig.readKmod(kmod, { signal });

  assert.match(first.specText, /^Version: 1\.10$/m);
  assert.deepEqual(await copyOf(rig, kmod), { 'code.tar.gz': '644', 'find-provides.sh': '755' });
  await makeRepository(scratch, ['2.0']);
  await forgetLook(rig);
  const second = await rig.readKmod(kmod, { signal });
  assert.match(second.specText, /^Version: 2\.0$/m);
  const planned = await rig.readKmod(kmod, { signal, planned: first.sourceDigest });
  assert.match(planned.specText, /^Version: 1\.10$/m);
});

async function forgetLook({ data }: DataRig): Promise<void> {
  const path = join(data.cache, 'sources', 'demo.json');
  const record: object = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...record, checkedAt: '2020-01-01T00:00:00.000Z' }));
}

test('readKmod() asks a repository conditionally, and does without it while it is away', async () => {
  await using rig = await makeDataRig();
  await using scratch = await makeScratch();
  const files = await serveRepository(await makeRepository(scratch, ['1.0']));
  let isAway = false;
  const serve = serveFiles(files);
  await using server = await startHttpRig((request, response) =>
    isAway ? response.writeHead(503).end() : serve(request, response),
  );
  const source = { kind: 'repository', packageName: 'kmod-demo', gpgKeys: [] } as const;
  const kmod = demo({ ...source, url: `${server.url}/` });
  const first = await rig.readKmod(kmod, { signal });
  const count = server.requests.length;

  await rig.readKmod(kmod, { signal });
  assert.equal(server.requests.length, count, 'it asked again within seconds');
  await forgetLook(rig);
  await rig.readKmod(kmod, { signal });
  assert.deepEqual(server.requests.slice(count), ['GET /repodata/repomd.xml']);

  isAway = true;
  await forgetLook(rig);
  assert.equal((await rig.readKmod(kmod, { signal })).sourceDigest, first.sourceDigest);
  assert.match(
    rig.reports.join(),
    /^demo: the source found at 2020-.* is used: Cannot fetch .*503$/,
  );
  await rm(join(rig.data.cache, 'sources'), { recursive: true });
  await assert.rejects(rig.readKmod(kmod, { signal }), StreamUnreachableError);
});

test('readKmod() takes a package of a repository only with a good signature, where keys are named', async () => {
  await using rig = await makeDataRig();
  await using signed = await makeScratch();
  await using unsigned = await makeScratch();
  const source = { kind: 'repository', packageName: 'kmod-demo' } as const;
  const gpgKeys = [signer.publicKeyFile];
  const good = pathToFileURL(await makeRepository(signed, ['1.0'], true)).href;
  const bad = pathToFileURL(await makeRepository(unsigned, ['1.0'])).href;

  const input = await rig.readKmod(demo({ ...source, gpgKeys, url: good }), { signal });

  assert.equal(input.specName, 'kmod-demo.spec');
  await assert.rejects(
    rig.readKmod(demo({ ...source, gpgKeys, url: bad }), { signal }),
    SignatureRefusedError,
  );
});

test('readKmod() says that a repository has no such source package', async () => {
  await using rig = await makeDataRig();
  await using scratch = await makeScratch();
  const url = pathToFileURL(await makeRepository(scratch, ['1.0'])).href;
  const source = { kind: 'repository', packageName: 'kmod-other', gpgKeys: [], url } as const;

  await assert.rejects(
    rig.readKmod(demo(source), { signal }),
    /^NotFoundError: .*expected a source package "kmod-other", found 1 other packages$/,
  );
});

async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

test('readKmod() downloads a source package once', async () => {
  await using rig = await makeDataRig();
  const path = fixturePath('rpms/kmod-demo-1.0~rc1-1.src.src.rpm');
  await using server = await startHttpRig(
    serveFiles(new Map([['/a.src.rpm', await readFile(path)]])),
  );
  const url = `${server.url}/a.src.rpm`;
  const kmod = {
    ...demo({ kind: 'download', url, sha256: await sha256Of(path) }),
    dialect: 'elrepo',
  };

  const first = await rig.readKmod(kmod, { signal });
  const second = await rig.readKmod(kmod, { signal });

  assert.deepEqual([first.specName, second.sourceDigest], ['kmod-demo.spec', first.sourceDigest]);
  assert.deepEqual(server.requests, ['GET /a.src.rpm']);
});

test('readKmod() downloads an archive that its own spec names as source', async () => {
  await using rig = await makeDataRig();
  const { scratch } = rig;
  await mkdir(scratch.at('kmod-demo-1.2'));
  await writeFile(scratch.at('kmod-demo-1.2', 'kmod-demo.spec'), SPEC);
  await writeFile(scratch.at('kmod-demo-1.2', 'fix.patch'), 'patch');
  const archive = scratch.at('demo-1.2.tar.gz');
  await runProgram(['tar', '-C', scratch.path, '-czf', archive, 'kmod-demo-1.2']);
  const url = pathToFileURL(archive).href;
  const kmod = demo({ kind: 'download', url, sha256: await sha256Of(archive) });

  const input = await rig.readKmod(kmod, { signal });

  assert.equal(input.specText, SPEC);
  assert.deepEqual(await copyOf(rig, kmod), { 'demo-1.2.tar.gz': '644', 'fix.patch': '644' });
});

test('readKmod() downloads an archive with a DKMS source', async () => {
  await using rig = await makeDataRig();
  const { scratch } = rig;
  await mkdir(scratch.at('jool'));
  await writeFile(scratch.at('jool', 'dkms.conf'), readFixtureText('dkms/jool.conf'));
  const archive = scratch.at('jool.tar.xz');
  await runProgram(['tar', '-C', scratch.path, '-cJf', archive, 'jool']);
  const url = pathToFileURL(archive).href;
  const sha256 = await sha256Of(archive);

  const { specName, conditions } = await rig.readKmod(demo({ kind: 'download', url, sha256 }), {
    signal,
  });

  assert.deepEqual([specName, conditions], ['jool-kmod.spec', { config: [] }]);
});

test('readKmod() says what is wrong with a download', async () => {
  await using rig = await makeDataRig();
  await using server = await startHttpRig(serveFiles(new Map([['/a.rpm', 'other']])));
  const sha256 = '0'.repeat(64);
  const read = (url: string) => rig.readKmod(demo({ kind: 'download', url, sha256 }), { signal });

  await assert.rejects(read(`${server.url}/a.rpm`), (error) => {
    assert.ok(error instanceof ContentInvalidError);
    assert.match(error.message, /expected sha256 0{64}, found [0-9a-f]{64}; set "sha256" if this/);
    return true;
  });
  await assert.rejects(read(`${server.url}/b.rpm`), NotFoundError);
  await assert.rejects(read(`http://127.0.0.1:${await findFreePort()}/`), StreamUnreachableError);
});
