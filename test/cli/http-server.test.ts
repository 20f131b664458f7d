import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import test from 'node:test';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { serveSnapshot } from '../../activities/snapshot/serve-snapshot.ts';
import { startFileServer } from '../../cli/http-server.ts';
import { PortInUseError } from '../../cli/temporal-server.ts';
import { findFreePort } from '../support/http-rig.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const FILES: Readonly<Record<string, string>> = {
  'status/index.html': '<h1>status</h1>',
  'status/status.json': '{}',
  'status/.hidden': 'secret',
  'logs/lab/6.1/jool/a-1.log': '<script>alert(1)</script>',
  'logs/lab/6.1/jool/page.html': '<script>alert(1)</script>',
  'repositories/kmods/snapshots/000001/repodata/repomd.xml': '<repomd/>',
  'repositories/kmods/snapshots/000001/Packages/kmod-demo-1.0~rc1-1.rpm': '0123456789',
  'repositories/kmods/snapshots/000002/repodata/repomd.xml': '<new/>',
  'repositories/kmods/secret': 'secret',
  'repositories/secret': 'secret',
  'keys/gnupg/secret': 'secret',
  'store/secret': 'secret',
};

interface ServerRig extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly scratch: Scratch;
  /** Sends a request as it is written, which fetch() would tidy up; gives the whole answer. */
  raw(requestLine: string): Promise<string>;
}

async function startRig(): Promise<ServerRig> {
  const scratch = await makeScratch();
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(scratch.at(name)), { recursive: true });
    await writeFile(scratch.at(name), text);
  }
  await serveSnapshot(scratch.at('repositories', 'kmods'), '000001');
  const port = await findFreePort();
  const data = layOutDataDirectory(scratch.path);
  const server = await startFileServer(data, { host: '127.0.0.1', port });
  return {
    url: server.url,
    port,
    scratch,
    async raw(requestLine) {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.write(`${requestLine}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      await once(socket, 'close');
      return text;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

test('startFileServer() serves pages, packages and logs', async () => {
  await using rig = await startRig();
  const expected: readonly [path: string, content: string, type: RegExp][] = [
    ['/status/', FILES['status/index.html'] ?? '', /^text\/html/],
    ['/status/status.json', '{}', /^application\/json/],
    ['/repositories/kmods/repodata/repomd.xml', '<repomd/>', /xml/],
    [
      '/repositories/kmods/Packages/kmod-demo-1.0~rc1-1.rpm',
      '0123456789',
      /redhat-package-manager|rpm|octet-stream/,
    ],
    ['/logs/lab/6.1/jool/a-1.log', FILES['logs/lab/6.1/jool/a-1.log'] ?? '', /^text\/plain/],
  ];
  assert.equal(rig.url, `http://127.0.0.1:${rig.port}`);
  for (const [path, content, type] of expected) {
    const response = await fetch(rig.url + path);

    assert.equal(response.status, 200, path);
    assert.equal(await response.text(), content);
    assert.match(response.headers.get('content-type') ?? '', type);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
  }
});

test('startFileServer() leads from the root to the status page', async () => {
  await using rig = await startRig();

  assert.equal((await fetch(`${rig.url}/`)).url, `${rig.url}/status/`);
});

test('startFileServer() shows logs as text that can do nothing, whatever their name', async () => {
  await using rig = await startRig();
  for (const name of ['a-1.log', 'page.html']) {
    const response = await fetch(`${rig.url}/logs/lab/6.1/jool/${name}`);

    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response.headers.get('content-security-policy'), "default-src 'none'; sandbox");
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
});

test('startFileServer() follows the link to the served snapshot as it is flipped', async () => {
  await using rig = await startRig();
  const url = `${rig.url}/repositories/kmods/repodata/repomd.xml`;
  const before = await fetch(url);
  assert.equal(await before.text(), '<repomd/>');

  await serveSnapshot(rig.scratch.at('repositories', 'kmods'), '000002');

  const etag = before.headers.get('etag') ?? '';
  const after = await fetch(url, { headers: { 'if-none-match': etag, 'cache-control': '' } });
  assert.equal(await after.text(), '<new/>');
});

test('startFileServer() answers conditional requests and ranges', async () => {
  await using rig = await startRig();
  const url = `${rig.url}/repositories/kmods/Packages/kmod-demo-1.0~rc1-1.rpm`;
  const etag = (await fetch(url)).headers.get('etag') ?? '';

  const unchanged = await fetch(url, {
    headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' },
  });
  const part = await fetch(url, { headers: { range: 'bytes=2-5' } });
  const beyond = await fetch(url, { headers: { range: 'bytes=50-' } });

  assert.equal(unchanged.status, 304);
  assert.deepEqual(
    [part.status, await part.text(), part.headers.get('content-range')],
    [206, '2345', 'bytes 2-5/10'],
  );
  assert.equal(beyond.status, 416);
});

test('startFileServer() answers HEAD without a body and refuses everything else', async () => {
  await using rig = await startRig();
  const head = await fetch(`${rig.url}/status/status.json`, { method: 'HEAD' });

  assert.deepEqual(
    [head.status, head.headers.get('content-length'), await head.text()],
    [200, '2', ''],
  );
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await fetch(`${rig.url}/status/status.json`, { method });

    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
  }
});

const OUTSIDE: readonly string[] = [
  '/status/../keys/gnupg/secret',
  '/status/..%2fkeys/gnupg/secret',
  '/status/%2e%2e/keys/gnupg/secret',
  '/status/%2e%2e%2fkeys%2fgnupg%2fsecret',
  '/status/..%5ckeys/gnupg/secret',
  '/status/.hidden',
  '/status/%2ehidden',
  '/status/status.json%00.html',
  '/logs/..%2fstore%2fsecret',
  '/repositories/..%2fkeys/gnupg/secret',
  '/repositories/%2e%2e/keys/gnupg/secret',
  '/repositories/kmods/..%2fsecret',
  '/repositories/kmods/..%2f..%2fsecret',
  '/repositories/kmods/%2e%2e/secret',
  '/repositories/secret',
  '/repositories/.kmods/x',
  '/repositories/none/repodata/repomd.xml',
  '/repositories/',
  '/keys/gnupg/secret',
  '/store/secret',
  '/%73tore/secret',
  '/none',
];

test('startFileServer() gives nothing outside of what is public', async () => {
  await using rig = await startRig();
  for (const path of OUTSIDE) {
    const answer = await rig.raw(`GET ${path} HTTP/1.1`);

    assert.match(answer, /^HTTP\/1\.1 4(?:00|03|04) /, path);
    assert.ok(!answer.includes('secret\n') && !answer.endsWith('secret'), path);
    assert.ok(!answer.includes(rig.scratch.path), path);
  }
});

const ODD_TARGETS: readonly string[] = [
  '//',
  '///status/',
  '//host/status/',
  'http://[',
  'http://host/status/',
  '*',
  '/%',
  '/status/%zz',
  '/\u00e4',
  '?',
];

test('startFileServer() outlives requests for what is no path', async () => {
  await using rig = await startRig();
  for (const target of ODD_TARGETS) {
    const answer = await rig.raw(`GET ${target} HTTP/1.1`);

    assert.match(answer, /^HTTP\/1\.1 [2-4]\d\d /, target);
  }
  assert.equal((await fetch(`${rig.url}/status/`)).status, 200);
});

test('startFileServer() says which port is in use and which setting names it', async () => {
  await using scratch = await makeScratch();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { port } = address;

  await assert.rejects(
    startFileServer(layOutDataDirectory(scratch.path), { host: '127.0.0.1', port }),
    (error) => {
      assert.ok(error instanceof PortInUseError);
      assert.match(
        error.message,
        new RegExp(
          `^Cannot listen on "127\\.0\\.0\\.1:${port}": the port is in use; set "server\\.port"`,
        ),
      );
      assert.equal(error.failureClass, 'configuration');
      return true;
    },
  );
  taken.close();
});

test('startFileServer() does not call a port in use that it may not have', async () => {
  await using scratch = await makeScratch();
  // TEST-NET-1: no machine has this address.
  const place = { host: '192.0.2.1', port: 8470 };

  await assert.rejects(startFileServer(layOutDataDirectory(scratch.path), place), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /^Cannot listen on "192\.0\.2\.1:8470": .*EADDRNOTAVAIL/);
    assert.ok(!/in use/.test(error.message));
    return true;
  });
});

test('startFileServer() answers /metrics to whom it is configured for, and says when it cannot', async () => {
  await using scratch = await makeScratch();
  const port = await findFreePort();
  const errors: string[] = [];
  let serve: 'loopback' | 'nobody' = 'loopback';
  let answer: () => Promise<string> = async () => 'rekmod_info 1\n';
  const server = await startFileServer(
    layOutDataDirectory(scratch.path),
    { host: '127.0.0.1', port },
    () => ({
      settings: () => ({ serve, temporal: false }),
      read: () => answer(),
      onError: (error) => errors.push(String(error)),
    }),
  );
  try {
    const good = await fetch(`${server.url}/metrics`);
    assert.deepEqual([good.status, await good.text()], [200, 'rekmod_info 1\n']);
    assert.match(good.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);

    answer = () => Promise.reject(new Error('secret path'));
    const bad = await fetch(`${server.url}/metrics`);
    assert.equal(bad.status, 503);
    assert.ok(!(await bad.text()).includes('secret path'));
    assert.deepEqual(errors, ['Error: secret path']);

    serve = 'nobody';
    assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
  } finally {
    await server.close();
  }
});
