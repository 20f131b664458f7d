import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import test from 'node:test';
import Dockerode from 'dockerode';
import { pullImage } from '../../containers/docker-pull.ts';
import type { ImagePull } from '../../containers/engine.ts';
import { EngineUnavailableError, RegistryUnreachableError } from '../../model/engine-errors.ts';
import { serveSocket } from './socket-rig.ts';

const IMAGE = 'example.org/centos:stream9';
const SIGNAL = new AbortController().signal;

async function pullFrom(
  listener: RequestListener,
  { image = IMAGE, signal = SIGNAL, stallTimeoutMs = 10_000 } = {},
): Promise<ImagePull> {
  await using rig = await serveSocket(listener);
  const client = new Dockerode({ socketPath: rig.address.slice('unix://'.length), host: '' });
  return await pullImage({ client, address: rig.address }, image, signal, stallTimeoutMs);
}

function answerLines(...lines: readonly string[]): RequestListener {
  return (_request, response) => {
    response.end(lines.join('\r\n'));
  };
}

function answerStatus(status: number, message: string): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message }));
  };
}

const NAMES = [
  [IMAGE, 'example.org/centos', 'stream9'],
  ['localhost:5000/a', 'localhost:5000/a', 'latest'],
  ['example.org/a:1@sha256:01', 'example.org/a:1', 'sha256:01'],
] as const;

for (const [image, name, tag] of NAMES) {
  test(`pullImage() asks for one image of "${image}", never for all tags`, async () => {
    const urls: string[] = [];
    const listener: RequestListener = (request, response) => {
      urls.push(request.url ?? '');
      response.end('{"status":"Pulling"}\r\n{"status":"Done","progressDetail":{}}\r\n');
    };

    assert.deepEqual(await pullFrom(listener, { image }), { kind: 'pulled' });

    const query = new URL(urls[0] ?? '', 'http://engine').searchParams;
    assert.deepEqual([query.get('fromImage'), query.get('tag')], [name, tag]);
  });
}

const REFUSALS: readonly (readonly [string, RequestListener])[] = [
  ['pull access denied for a', answerStatus(404, 'pull access denied for a')],
  ['unauthorized: no basic auth', answerStatus(500, 'unauthorized: no basic auth')],
  ['x509: unknown authority', answerStatus(500, 'x509: unknown authority')],
  ['manifest unknown', answerLines('{"status":"Pulling"}', '{"error":"manifest unknown"}', '')],
  ['no matching manifest', answerLines('{"errorDetail":{"message":"no matching manifest"}}')],
];

for (const [reason, listener] of REFUSALS) {
  test(`pullImage() returns what the registry says: ${reason}`, async () => {
    assert.deepEqual(await pullFrom(listener), { kind: 'refused', reason });
  });
}

test('pullImage() does not judge by the name of the image', async () => {
  const image = 'example.org/timeout:EOF';
  const reason = `initializing source docker://${image}: manifest unknown`;
  const listener = answerLines(JSON.stringify({ error: reason }));

  assert.deepEqual(await pullFrom(listener, { image }), { kind: 'refused', reason });
});

const PASSING_TROUBLES: readonly (readonly [string, RequestListener])[] = [
  ['no such host', answerStatus(500, 'Get "https://a/v2/": dial tcp: lookup a: no such host')],
  ['TLS handshake timeout', answerStatus(500, 'Get "https://a/v2/": TLS handshake timeout')],
  ['toomanyrequests', answerStatus(429, 'toomanyrequests: You have reached your rate limit')],
  ['503', answerLines('{"error":"received unexpected HTTP status: 503 Service Unavailable"}')],
  ['no space left', answerLines('{"error":"write /var/lib/a: no space left on device"}')],
];

for (const [words, listener] of PASSING_TROUBLES) {
  test(`pullImage() takes "${words}" for a trouble that passes`, async () => {
    await assert.rejects(pullFrom(listener), (error) => {
      assert.ok(error instanceof RegistryUnreachableError);
      assert.equal(error.failureClass, 'transient');
      assert.ok(error.message.startsWith(`Cannot pull the image "${IMAGE}": expected an answer`));
      assert.ok(error.message.includes(words));
      return true;
    });
  });
}

test('pullImage() takes an engine that goes away, or talks nonsense, for unavailable', async () => {
  const leave: RequestListener = (_request, response) => {
    response.write('{"status":"Pulling"}\r\n', () => response.destroy());
  };

  await assert.rejects(pullFrom(leave), EngineUnavailableError);
  await assert.rejects(pullFrom(answerLines('<html>', '')), EngineUnavailableError);
});

test('pullImage() gives up on an engine that makes no progress, before and in its answer', async () => {
  const start: RequestListener = (_request, response) => void response.write('{"status":"a"}\r\n');

  for (const listener of [() => undefined, start]) {
    await assert.rejects(pullFrom(listener, { stallTimeoutMs: 50 }), {
      name: 'RegistryUnreachableError',
      message: /found none within 0\.05 s$/,
    });
  }
});

test('pullImage() rejects with the reason of its signal and ends the request', async () => {
  const controller = new AbortController();
  let onClosed = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  const listener: RequestListener = (_request, response) => {
    response.once('close', onClosed);
    response.write('{"status":"Pulling"}\r\n', () => controller.abort(new Error('cancelled')));
  };

  await assert.rejects(pullFrom(listener, { signal: controller.signal }), { message: 'cancelled' });
  await closed;
  await assert.rejects(pullFrom(listener, { signal: controller.signal }), { message: 'cancelled' });
});
