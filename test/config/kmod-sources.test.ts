import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadSettings } from '../../config/load-settings.ts';
import { ConfigError } from '../../model/config-errors.ts';
import type { KmodSource } from '../../model/kmod.ts';

const folder = await mkdtemp(join(tmpdir(), 'rekmod-sources-'));
after(() => rm(folder, { recursive: true }));
await mkdir(join(folder, 'files'));
await writeFile(join(folder, 'a.spec'), 'Name: a\n');

const SHA256 = 'A'.repeat(64);
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const LAB = 'streams:\n  lab:\n    urls: [file:///lab]\n';

async function load(entry: string): Promise<KmodSource | undefined> {
  const file = join(folder, 'rekmod.yaml');
  await writeFile(file, `${LAB}kmods:\n  a: { ${entry}, streams: [lab] }\n`);
  return (await loadSettings(file)).kmods[0]?.source;
}

async function problemsOf(entry: string): Promise<readonly string[]> {
  try {
    await load(entry);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ sentence }) => sentence.replaceAll(folder, '<folder>'));
  }
}

const at = (name: string): string => join(folder, name);
const GIT = { kind: 'git', url: 'https://x.org/a.git', hasSubmodules: false } as const;

const SOURCES: readonly [entry: string, source: KmodSource][] = [
  ['spec: a.spec', { kind: 'spec', spec: at('a.spec'), sources: folder }],
  ['srpm: a.spec', { kind: 'srpm', path: at('a.spec') }],
  ['dkms: files', { kind: 'dkms', path: at('files') }],
  ['dkms: a.spec', { kind: 'dkms', path: at('a.spec') }],
  ['git: { url: "https://x.org/a.git" }', { ...GIT, ref: { kind: 'head' } }],
  [
    'git: { url: "ssh://git@x.org/a.git", branch: release/1.2 }',
    { ...GIT, url: 'ssh://git@x.org/a.git', ref: { kind: 'branch', name: 'release/1.2' } },
  ],
  [
    'git: { url: "git@x.org:team/a.git", tag: v1+b, submodules: true }',
    {
      ...GIT,
      url: 'git@x.org:team/a.git',
      ref: { kind: 'tag', name: 'v1+b' },
      hasSubmodules: true,
    },
  ],
  [
    `git: { url: "file:///a", commit: ${COMMIT}, spec: rpm/a.spec, archive: a-1.tar.gz, sources: files }`,
    {
      ...{ ...GIT, url: 'file:///a', ref: { kind: 'commit', commit: COMMIT } },
      ...{ spec: 'rpm/a.spec', archive: 'a-1.tar.gz', sources: at('files') },
    },
  ],
  [
    'repository: { url: "https://x.org/src/", package: kmod-a, gpgKeys: [a.spec] }',
    {
      kind: 'repository',
      url: 'https://x.org/src/',
      packageName: 'kmod-a',
      gpgKeys: [at('a.spec')],
    },
  ],
  [
    `url: "https://x.org/a.src.rpm", sha256: ${SHA256}`,
    { kind: 'download', url: 'https://x.org/a.src.rpm', sha256: SHA256.toLowerCase() },
  ],
];
for (const [entry, source] of SOURCES) {
  test(`loadSettings() resolves the source ${entry}`, async () => {
    assert.deepEqual(await load(entry), source);
  });
}

const PROBLEMS: readonly [entry: string, message: RegExp][] = [
  ['srpm: a.spec, sources: files', /"kmods\.a\.sources": it belongs to "spec", found "srpm"$/],
  [`dkms: files, sha256: ${SHA256}`, /"kmods\.a\.sha256": it belongs to "url", found "dkms"$/],
  ['url: "https://x.org/a"', /missing "kmods\.a\.sha256": expected what is at the url/],
  ['url: "https://x.org/a", sha256: abc', /expected a SHA-256 of 64 hexadecimal digits/],
  ['dkms: none', /missing file or folder "<folder>\/none": found nothing$/],
  [
    'git: { url: "https://x.org/a", branch: b, tag: t }',
    /expected one of "branch", "tag", "commit", found "branch" and "tag"$/,
  ],
  [
    'git: { url: "https://x.org/a", sources: none }',
    /missing folder "<folder>\/none": found nothing$/,
  ],
  ['git: { url: "https://x.org/a", commit: abc }', /expected a commit of 40 hexadecimal digits/],
  ['git: { url: "https://x.org/a", spec: ../a.spec }', /expected a path inside of the repository/],
  ['git: { url: "https://x.org/a", spec: /a.spec }', /expected a path inside of the repository/],
  [
    'git: { url: "https://x.org/a", archive: a.zip }',
    /expected a file name such as "demo-1\.2\.tar\.gz"/,
  ],
  ['git: { url: "https://x.org/a", archive: ../a.tgz }', /expected a file name such as/],
  ['repository: { url: "https://x.org/" }', /package/],
  ['repository: { url: "https://x.org/", package: -x }', /expected a name of a package/],
];
for (const [entry, message] of PROBLEMS) {
  test(`loadSettings() refuses the source ${entry}`, async () => {
    const problems = await problemsOf(entry);

    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', message);
  });
}

for (const url of [
  'ext::sh -c id',
  'http://x.org/a',
  'https://user:secret@x.org/a',
  'https://token@x.org/a',
  'ssh://-oProxyCommand=id/a',
  'ssh://-x@x.org/a',
  '-uid',
  '--upload-pack=id',
  '/srv/a.git',
  'a@b:-x',
  '-a@b:x',
  'ftp://x.org/a',
]) {
  test(`loadSettings() refuses the git address ${url}`, async () => {
    const [problem] = await problemsOf(`git: { url: ${JSON.stringify(url)} }`);

    assert.match(
      problem ?? '',
      /expected a URL that begins with https:\/\/, ssh:\/\/, git:\/\/ or file:/,
    );
  });
}

for (const name of [
  '-x',
  '--upload-pack=id',
  'a..b',
  'a//b',
  'a.lock',
  'a@{1}',
  'a b',
  'a/',
  '.a',
  'a~1',
  'a^',
]) {
  test(`loadSettings() refuses the branch ${name}`, async () => {
    const [problem] = await problemsOf(
      `git: { url: "https://x.org/a", branch: ${JSON.stringify(name)} }`,
    );

    assert.match(problem ?? '', /expected a name of a branch or tag such as "main"/);
  });
}
