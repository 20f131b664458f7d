import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { downloadPackage } from '../../activities/download-package.ts';
import type { Upstream } from '../../activities/mirrors.ts';
import { readUpstream, type UpstreamContent } from '../../activities/read-upstream.ts';
import { ContentMismatchError, StreamUnreachableError } from '../../model/activity-errors.ts';
import type { SeenRepository } from '../../model/stream-watch.ts';
import { readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { makeDataRig, NOW } from '../support/data-rig.ts';
import { findFreePort, type HttpRig, serveFiles, startHttpRig } from '../support/http-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const REPOMD = '/repodata/repomd.xml';
const PRIMARY = '/repodata/primary.xml.gz';
const signal = new AbortController().signal;

interface Mirror extends AsyncDisposable {
  readonly url: string;
  readonly files: Map<string, string | Uint8Array>;
  readonly server: HttpRig;
}

/** A mirror of the fixture's repository. */
async function startMirror(revision = '1780000000'): Promise<Mirror> {
  const repomd = readFixtureText('repodata/repomd.xml');
  const files = new Map<string, string | Uint8Array>([
    [REPOMD, repomd.replace(/<revision>\d+/, `<revision>${revision}`)],
    [PRIMARY, readFixture('repodata/primary.xml.gz')],
  ]);
  const server = await startHttpRig(serveFiles(files));
  return {
    url: `${server.url}/`,
    files,
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function look(
  upstream: Upstream,
  options: {
    readonly seen?: SeenRepository;
    readonly atLeast?: string;
    readonly now?: string;
  } = {},
): Promise<UpstreamContent> {
  await using scratch = await makeScratch();
  const { seen = {}, atLeast, now = NOW } = options;
  return await readUpstream(upstream, {
    ...{ seen, atLeast, scratch: scratch.path, signal, now: () => new Date(now) },
    trust: { gpgKeys: [], repoGpgCheck: false, gpgCheck: false },
    isWanted: (name) => name === 'kernel-core',
  });
}

function mirrorsOf(...baseUrls: readonly string[]): Upstream {
  return { url: baseUrls[0] ?? '', mirrors: { kind: 'mirrors', baseUrls } };
}

function locationsOf({ content }: UpstreamContent): readonly string[] {
  return content.kind === 'read' ? content.packages.map(({ location }) => location) : [];
}

/** What is wrong with a mirror, and what a look says of it. */
const FAULTS: readonly [what: string, apply: (mirror: Mirror) => unknown, reason: RegExp][] = [
  ['has no metadata', ({ files }) => files.clear(), /found no such file/],
  [
    'has a newer repomd.xml than primary',
    ({ files }) => files.set(PRIMARY, 'old'),
    /expected 1344 bytes, found 3/,
  ],
  ['has no primary yet', ({ files }) => files.delete(PRIMARY), /names, found none/],
  [
    'has written half of repomd.xml',
    ({ files }) => files.set(REPOMD, readFixtureText('repodata/repomd.xml').slice(0, 400)),
    /expected a whole repomd\.xml, found: Cannot parse/,
  ],
  [
    'gives a page of a proxy',
    ({ files }) => files.set(REPOMD, '<html></html>'),
    /expected a whole repomd/,
  ],
];

for (const [what, apply, reason] of FAULTS) {
  test(`readUpstream() passes over a mirror that ${what}, and says why`, async () => {
    await using bad = await startMirror();
    await using good = await startMirror();
    apply(bad);

    const found = await look(mirrorsOf(bad.url, good.url));

    assert.ok(locationsOf(found).every((location) => location.startsWith(good.url)));
    assert.equal(found.seen.baseUrl, good.url);
    assert.deepEqual(
      found.faults.map(({ baseUrl }) => baseUrl),
      [bad.url],
    );
    assert.match(found.faults[0]?.reason ?? '', reason);
  });
}

test('readUpstream() passes over mirrors that answer 503 or refuse connections', async () => {
  await using busy = await startHttpRig((_, response) => response.writeHead(503).end());
  await using good = await startMirror();
  const closed = `http://127.0.0.1:${await findFreePort()}/`;

  const found = await look(mirrorsOf(`${busy.url}/`, closed, good.url));

  assert.equal(found.content.kind, 'read');
  assert.match(found.faults.map(({ reason }) => reason).join(), /found 503.*ECONNREFUSED/);
});

test('readUpstream() tries five mirrors, no more, and names what was wrong with each', async () => {
  await using busy = await startHttpRig((_, response) => response.writeHead(503).end());
  const urls = Array.from({ length: 9 }, (_, index) => `${busy.url}/${index}/`);

  await assert.rejects(
    look(mirrorsOf(...urls)),
    (error) =>
      error instanceof StreamUnreachableError &&
      /expected one of 5 mirrors to serve it, found: .*\/0\/.*\/4\//.test(error.message),
  );
  assert.equal(busy.requests.length, 5);
});

test('readUpstream() gives the error of the only mirror as it is', async () => {
  await using bad = await startMirror();
  bad.files.set(PRIMARY, 'old');

  await assert.rejects(look({ url: bad.url }), ContentMismatchError);
});

test('readUpstream() passes over a mirror that lags behind what was accepted', async () => {
  await using behind = await startMirror('1770000000');
  await using good = await startMirror();

  const found = await look(mirrorsOf(behind.url, good.url), { atLeast: '1780000000' });

  assert.equal(found.seen.baseUrl, good.url);
  assert.match(
    found.faults[0]?.reason ?? '',
    /expected revision 1780000000 or newer, found 1770000000/,
  );
  assert.ok(!behind.server.requests.includes(`GET ${PRIMARY}`));
});

test('readUpstream() gives older content where no mirror has newer', async () => {
  await using behind = await startMirror('1770000000');
  const closed = `http://127.0.0.1:${await findFreePort()}/`;

  const found = await look(mirrorsOf(closed, behind.url), { atLeast: '1780000000' });

  assert.equal(found.content.kind === 'read' && found.content.repomd.revision, '1770000000');
});

test('readUpstream() knows what has not changed on another mirror too, by one request of each', async () => {
  await using first = await startMirror();
  await using second = await startMirror();
  const upstream = mirrorsOf(first.url, second.url);
  const { seen } = await look(upstream);
  const repomd = first.files.get(REPOMD) ?? '';
  first.files.clear();

  const moved = await look(upstream, { seen });

  assert.equal(moved.content.kind, 'unchanged');
  assert.equal(moved.seen.baseUrl, second.url);
  assert.deepEqual(second.server.requests, [`GET ${REPOMD}`]);

  first.files.set(REPOMD, repomd);
  const back = await look(upstream, { seen: moved.seen });
  assert.deepEqual([back.content.kind, back.seen.baseUrl], ['unchanged', first.url]);
});

test('readUpstream() names where else a package is, and downloadPackage() goes there', async () => {
  await using rig = await makeDataRig();
  await using first = await startMirror();
  await using second = await startMirror();
  const { content } = await look(mirrorsOf(first.url, second.url));
  const [found] = content.kind === 'read' ? content.packages : [];
  assert.ok(found?.otherLocations);
  assert.deepEqual(found.otherLocations, [found.location.replace(first.url, second.url)]);
  const bytes = Buffer.from('a package');
  const { pathname } = new URL(found.location);
  first.files.set(pathname, 'half a');
  second.files.set(pathname, bytes);
  const value = createHash('sha256').update(bytes).digest('hex');
  const whole = { ...found, checksum: { type: 'sha256', value }, sizeBytes: bytes.length };

  const stored = await downloadPackage(whole, rig.store, signal);

  assert.deepEqual(stored, { sha256: value, sizeBytes: bytes.length });
  assert.deepEqual(
    [first.server.requests.at(-1), second.server.requests.at(-1)],
    [`GET ${pathname}`, `GET ${pathname}`],
  );
});

function metalinkOf(
  repomd: string | Uint8Array | undefined,
  ...mirrors: readonly Mirror[]
): string {
  const digest = createHash('sha256')
    .update(repomd ?? '')
    .digest('hex');
  const urls = mirrors.map(
    ({ url }, index) =>
      `<url protocol="http" preference="${100 - index}">${url}repodata/repomd.xml</url>`,
  );
  return `<metalink version="3.0" xmlns="http://www.metalinker.org/"><files><file name="repomd.xml">
<verification><hash type="sha256">${digest}</hash></verification>
<resources>${urls.join('')}</resources></file></files></metalink>`;
}

test('readUpstream() honours the digest of a metalink, and asks it alone while nothing changes', async () => {
  await using behind = await startMirror('1770000000');
  await using good = await startMirror();
  const lists = new Map([['/metalink', metalinkOf(good.files.get(REPOMD), behind, good)]]);
  await using list = await startHttpRig(serveFiles(lists));
  const upstream: Upstream = { url: `${list.url}/metalink`, mirrors: { kind: 'metalink' } };

  const found = await look(upstream);

  assert.equal(found.seen.baseUrl, good.url);
  assert.match(found.faults[0]?.reason ?? '', /expected one of the digests that its metalink/);

  const before = [list, behind.server, good.server].map(({ requests }) => requests.length);
  const again = await look(upstream, { seen: found.seen });
  lists.set('/metalink', metalinkOf(good.files.get(REPOMD), good, behind));
  const listed = await look(upstream, { seen: again.seen });

  assert.deepEqual([again.content.kind, listed.content.kind], ['unchanged', 'unchanged']);
  const after = [list, behind.server, good.server].map(({ requests }) => requests.length);
  assert.deepEqual(
    after.map((count, index) => count - (before[index] ?? 0)),
    [2, 0, 0],
  );
});

test('readUpstream() stays with the mirror of a plain list while it serves, for a day', async () => {
  await using first = await startMirror();
  await using second = await startMirror();
  const lists = new Map([['/list', `${first.url}\n${second.url}\n`]]);
  await using list = await startHttpRig(serveFiles(lists));
  const upstream: Upstream = { url: `${list.url}/list`, mirrors: { kind: 'mirrorlist' } };
  const { seen } = await look(upstream);
  const count = first.server.requests.length;

  const again = await look(upstream, { seen });

  assert.equal(again.content.kind, 'unchanged');
  assert.deepEqual(list.requests, ['GET /list']);
  assert.deepEqual(first.server.requests.slice(count), [`GET ${REPOMD}`]);

  first.files.clear();
  const moved = await look(upstream, { seen: again.seen });
  assert.deepEqual([moved.content.kind, moved.seen.baseUrl], ['unchanged', second.url]);
  assert.equal(list.requests.length, 2);

  const later = await look(upstream, { seen: moved.seen, now: '2026-11-24T12:00:01.000Z' });
  assert.equal(later.content.kind, 'unchanged');
  assert.equal(list.requests.length, 3);
});
