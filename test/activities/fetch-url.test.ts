import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { type Fetched, fetchBytes, fetchUrl, readBounded } from '../../activities/fetch-url.ts';
import { StreamUnreachableError } from '../../model/activity-errors.ts';
import { type Answer, findFreePort, startHttpRig } from '../support/http-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const signal = new AbortController().signal;

async function textOf(fetched: Fetched): Promise<string> {
  assert.equal(fetched.kind, 'content');
  const chunks: Uint8Array[] = [];
  if (fetched.kind === 'content') for await (const chunk of fetched.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function assertUnreachable(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof StreamUnreachableError, String(error));
    assert.match(error.message, message);
    assert.equal(error.failureClass, 'transient');
    return true;
  });
}

test('fetchUrl() gives content with what the server says of its age', async () => {
  await using server = await startHttpRig((_, response) => {
    const headers = { etag: '"one"', 'last-modified': 'Mon, 23 Nov 2026 06:00:00 GMT' };
    response.writeHead(200, headers).end('repomd');
  });

  const fetched = await fetchUrl(`${server.url}/repomd.xml`, { signal });

  assert.equal(await textOf(fetched), 'repomd');
  assert.deepEqual(fetched.kind === 'content' && fetched.validators, {
    etag: '"one"',
    lastModified: 'Mon, 23 Nov 2026 06:00:00 GMT',
  });
});

test('fetchUrl() asks for the file as it lies there, unchanged since the last look', async () => {
  let headers: Readonly<Record<string, unknown>> = {};
  await using server = await startHttpRig((request, response) => {
    headers = request.headers;
    response.writeHead(304).end();
  });
  const lastModified = 'Mon, 23 Nov 2026 06:00:00 GMT';

  const fetched = await fetchUrl(server.url, { validators: { etag: '"1"', lastModified }, signal });

  assert.deepEqual(fetched, { kind: 'unchanged' });
  assert.equal(headers['if-none-match'], '"1"');
  assert.equal(headers['if-modified-since'], lastModified);
  assert.equal(headers['accept-encoding'], 'identity');
  assert.equal(headers['cache-control'], 'max-age=0');
});

test('fetchUrl() gives a compressed file as it is', async () => {
  const compressed = gzipSync('primary');
  await using server = await startHttpRig((_, response) => {
    response.writeHead(200, { 'content-type': 'application/gzip' }).end(compressed);
  });

  const bytes = await fetchBytes(server.url, { maxBytes: 1000, signal });

  assert.deepEqual(Buffer.from(bytes ?? []), compressed);
});

test('fetchUrl() follows a redirection to a mirror', async () => {
  await using mirror = await startHttpRig((_, response) => response.end('from the mirror'));
  await using server = await startHttpRig((_, response) => {
    response.writeHead(302, { location: `${mirror.url}/a` }).end();
  });

  assert.equal(await textOf(await fetchUrl(server.url, { signal })), 'from the mirror');
});

for (const status of [404, 410]) {
  test(`fetchUrl() takes HTTP status ${status} for a file that is missing`, async () => {
    await using server = await startHttpRig((_, response) => response.writeHead(status).end('no'));

    assert.deepEqual(await fetchUrl(server.url, { signal }), { kind: 'missing' });
    assert.equal(await fetchBytes(server.url, { maxBytes: 1, signal }), undefined);
  });
}

for (const status of [500, 503, 403, 429, 206]) {
  test(`fetchUrl() takes HTTP status ${status} for a server that cannot serve now`, async () => {
    await using server = await startHttpRig((_, response) => response.writeHead(status).end('no'));

    const url = `${server.url}/repomd.xml`;

    await assertUnreachable(
      fetchUrl(url, { signal }),
      new RegExp(`^Cannot fetch "${url}": expected HTTP status 200, found ${status}$`),
    );
  });
}

test('fetchUrl() lets go of the connection of an answer that it does not read', async () => {
  const body = 'x'.repeat(200_000);
  await using server = await startHttpRig((_, response) => response.writeHead(404).end(body));

  for (let i = 0; i < 8; i += 1) await fetchUrl(server.url, { signal });
  await delay(50);

  assert.ok(server.connectionCount() <= 2, `${server.connectionCount()} connections are open`);
});

test('fetchUrl() says that nobody listens', async () => {
  const port = await findFreePort();

  await assertUnreachable(
    fetchUrl(`http://127.0.0.1:${port}/`, { signal }),
    /expected an answer, found connect ECONNREFUSED 127\.0\.0\.1/,
  );
});

test('fetchUrl() says that a name does not resolve, or is none', async () => {
  await assertUnreachable(fetchUrl('http://mirror.invalid/', { signal }), /mirror\.invalid/);
  await assertUnreachable(fetchUrl('not a URL', { signal }), /expected an answer, found/);
});

test('fetchUrl() says that a server hung up before or within its answer', async () => {
  const answers: readonly Answer[] = [
    (request) => request.socket.destroy(),
    (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => request.socket.destroy(), 20);
    },
  ];
  for (const answer of answers) {
    await using server = await startHttpRig(answer);

    await assertUnreachable(
      fetchUrl(server.url, { signal }).then(textOf),
      /expected (?:an answer|more data), found/,
    );
  }
});

test('fetchUrl() ends with a server that falls silent, before or within its answer', async () => {
  const answers: readonly Answer[] = [
    () => undefined,
    (_, response) => response.writeHead(200, { 'content-length': 100 }).write('half'),
  ];
  for (const answer of answers) {
    await using server = await startHttpRig(answer);

    await assertUnreachable(
      fetchUrl(server.url, { signal, silenceTimeoutMs: 100 }).then(textOf),
      /expected (?:an answer|more data), found no answer in time$/,
    );
  }
});

test('fetchUrl() keeps no process awake for a body that nobody reads', async () => {
  await using server = await startHttpRig((_, response) => response.end('x'.repeat(1_000_000)));
  const countTimers = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = countTimers();

  assert.equal((await fetchUrl(server.url, { signal })).kind, 'content');

  // Not as many: a timer of an earlier test may end meanwhile.
  assert.ok(countTimers() <= before);
});

test('fetchUrl() waits for a server that is slow and steady', async () => {
  await using server = await startHttpRig(async (_, response) => {
    for (let i = 0; i < 7; i += 1) {
      await delay(200);
      response.write('.');
    }
    response.end();
  });

  const fetched = await fetchUrl(server.url, { signal, silenceTimeoutMs: 1000 });

  assert.equal(await textOf(fetched), '.......');
});

test('fetchUrl() ends with its caller, within the answer too, and with the reason of that', async () => {
  await using server = await startHttpRig((request, response) => {
    if (request.url === '/half') response.writeHead(200).write('half');
  });
  for (const path of ['/silent', '/half']) {
    const controller = new AbortController();
    const reason = new Error('cancelled by hand');
    setTimeout(() => controller.abort(reason), 50);

    await assert.rejects(
      fetchUrl(`${server.url}${path}`, { signal: controller.signal }).then(textOf),
      reason,
    );
  }
});

test('readBounded() refuses more than it is told, before it has all of it', async () => {
  await using server = await startHttpRig(async (_, response) => {
    while (!response.destroyed && response.write('x'.repeat(10_000))) await delay(1);
  });

  const read = fetchBytes(server.url, { maxBytes: 50_000, signal });

  await assertUnreachable(read, /expected at most 50000 bytes, found more$/);
});

test('readBounded() takes exactly as much as it may', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('abc');
    yield Buffer.from('de');
  }

  assert.equal(Buffer.from(await readBounded('x', chunks(), 5)).toString(), 'abcde');
});

test('fetchUrl() reads files, and says when there is none', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('a file #1 100%.xml');
  await writeFile(path, 'text');

  assert.equal(await textOf(await fetchUrl(pathToFileURL(path).href, { signal })), 'text');
  assert.deepEqual(await fetchUrl(`file://${scratch.at('none')}`, { signal }), { kind: 'missing' });
  await assertUnreachable(fetchUrl('file://host/path', { signal }), /expected a file, found/);
  await assertUnreachable(
    fetchUrl(`file://${scratch.path}`, { signal }).then(textOf),
    /expected a file, found/,
  );
});

test('fetchUrl() keeps a body that is read only after a while', async () => {
  await using server = await startHttpRig((_, response) => {
    response.end('x'.repeat(8000));
  });
  setFlagsFromString('--expose-gc');
  const collectGarbage: unknown = runInNewContext('gc');
  assert.ok(typeof collectGarbage === 'function');

  const fetched = await fetchUrl(server.url, { signal: new AbortController().signal });
  // fetch() cancels a body whose Response was collected before anybody began to read.
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await delay(10);
  }

  assert.ok(fetched.kind === 'content');
  const bytes = await readBounded(server.url, fetched.body, 10_000);
  assert.equal(bytes.byteLength, 8000);
});

test('fetchUrl() ends a body that trickles, and lets a slow one be', async () => {
  await using server = await startHttpRig((_, response) => {
    const timer = setInterval(() => response.write('x'), 2);
    response.on('close', () => clearInterval(timer));
  });
  await using slow = await startHttpRig(async (_, response) => {
    for (let piece = 0; piece < 10; piece++) {
      response.write('x'.repeat(1000));
      await delay(2);
    }
    response.end();
  });
  const slowest = { bytes: 1000, ms: 20 };

  const trickle = await fetchUrl(server.url, { signal, slowest });
  await assertUnreachable(textOf(trickle), /expected at least 1000 bytes in 20 ms, found \d+$/);

  assert.equal((await textOf(await fetchUrl(slow.url, { signal, slowest }))).length, 10_000);
});
