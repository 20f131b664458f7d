import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import test from 'node:test';
import { findEngine, listAddresses, requireEngine } from '../../containers/find-engine.ts';
import { EngineMissingError } from '../../model/engine-errors.ts';
import { serveSocket } from './socket-rig.ts';

function answer(version: object, info: object): RequestListener {
  return (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url?.startsWith('/version') ? version : info));
  };
}

const INFO = { NCPU: 2, MemTotal: 1000, Architecture: 'amd64', MemoryLimit: true };

test('findEngine() tells Podman from Docker', async () => {
  const versions = [
    ['docker', { Version: '20.10', ApiVersion: '1.41', Components: [{ Name: 'Engine' }] }],
    ['podman', { Version: '4.3.1', ApiVersion: '1.41', Components: [{ Name: 'Podman Engine' }] }],
  ] as const;
  for (const [kind, version] of versions) {
    await using rig = await serveSocket(answer(version, INFO));

    const search = await findEngine({ DOCKER_HOST: rig.address, uid: 0 });

    assert.ok(search.kind === 'found');
    assert.equal(search.engine.info.kind, kind);
    assert.equal(search.engine.info.arch, 'x86_64');
    assert.equal(search.engine.info.hasPidsLimit, false);
  }
});

test('findEngine() says what is wrong with each address', async () => {
  await using silent = await serveSocket(() => undefined);
  await using strange = await serveSocket(answer({ hello: 1 }, INFO));
  const cases = [
    [silent.address, /none within 0.2 s/],
    [strange.address, /an answer that is none/],
    ['unix:///nowhere/engine.sock', /no such socket/],
    ['tcp://127.0.0.1:1', /nobody listens there/],
    ['ssh://example.org', /expected unix:\/\/\/path or tcp:\/\/host:port/],
    ['not an address', /Invalid URL/],
  ] as const;
  for (const [address, problem] of cases) {
    const search = await findEngine({ DOCKER_HOST: address, uid: 0 }, 200);

    assert.ok(search.kind === 'missing');
    assert.match(search.attempts[0]?.problem ?? '', problem);
  }
});

test('requireEngine() waits for an engine that starts, and says so once', async () => {
  let isStarted = false;
  const ready = answer({ Version: '20.10', ApiVersion: '1.41' }, INFO);
  await using rig = await serveSocket((request, response) => {
    if (isStarted) ready(request, response);
    else response.destroy();
  });
  const said: string[] = [];

  const engine = await requireEngine(
    { DOCKER_HOST: rig.address, uid: 0 },
    {
      patienceMs: 60_000,
      say: (sentence) => {
        said.push(sentence);
        isStarted = true;
      },
    },
  );

  assert.equal(engine.info.address, rig.address);
  assert.equal(said.length, 1);
  assert.match(
    said[0] ?? '',
    /^Waiting up to 60 s for the container engine: unix:.*\(it hung up\)/,
  );
});

test('requireEngine() does not wait where no engine is, nor longer than it may', async () => {
  const fail = { patienceMs: 60_000, say: () => assert.fail('waited') };
  const nowhere = { DOCKER_HOST: 'unix:///nowhere/engine.sock', uid: 0 };
  await assert.rejects(requireEngine(nowhere, fail), EngineMissingError);
  await using rig = await serveSocket((_, response) => response.destroy());

  const patience = { patienceMs: 0, say: () => assert.fail('waited') };
  await assert.rejects(requireEngine({ DOCKER_HOST: rig.address, uid: 0 }, patience), /it hung up/);
});

test('EngineMissingError names every address that was tried', () => {
  const error = new EngineMissingError([
    { address: 'unix:///a', problem: 'no such socket' },
    { address: 'unix:///b', problem: 'permission denied' },
  ]);

  assert.match(error.message, /tried unix:\/\/\/a \(no such socket\), unix:\/\/\/b \(permission/);
});

test('listAddresses() tries DOCKER_HOST alone when it is set', () => {
  assert.deepEqual(listAddresses({ DOCKER_HOST: 'host:2375', uid: 0 }), ['tcp://host:2375']);
});

test('listAddresses() tries Docker before Podman, and the machine before the user', () => {
  assert.deepEqual(listAddresses({ DOCKER_HOST: '', uid: 1000 }), [
    'unix:///var/run/docker.sock',
    'unix:///run/podman/podman.sock',
    'unix:///run/user/1000/docker.sock',
    'unix:///run/user/1000/podman/podman.sock',
  ]);
});
