import assert from 'node:assert/strict';
import test from 'node:test';
import { describeCommit, describeContainer } from '../../containers/docker-create-options.ts';
import type { ContainerRequest } from '../../containers/engine.ts';

const REQUEST: ContainerRequest = {
  image: 'sha256:1',
  command: ['true'],
  environment: { A: 'b=c' },
  workingDirectory: '/',
  user: '1000:1001',
  network: 'none',
  capabilities: [],
  isRootReadOnly: true,
  mounts: [{ source: '/a:b', target: '/c' }],
  scratch: [{ target: '/builddir', sizeBytes: 10.5 }],
  memoryBytes: 1000,
  cpus: 8,
  pids: 10,
  labels: {},
  stdoutLimitBytes: 1,
  stderrLimitBytes: 1,
  timeoutMs: 1,
};

test('describeContainer() asks for no more CPUs than there are, and for no swap', () => {
  const options = describeContainer(REQUEST, { kind: 'docker', cpuCount: 2, isSelinux: false });

  assert.equal(options.HostConfig?.NanoCpus, 2e9);
  assert.equal(options.HostConfig?.MemorySwap, 1000);
  assert.deepEqual(options.HostConfig?.CapDrop, ['ALL']);
  assert.deepEqual(options.Env, ['A=b=c']);
});

test('describeContainer() gives scratch to its user as each engine understands it', () => {
  const tmpfs = (kind: 'docker' | 'podman'): unknown =>
    describeContainer(REQUEST, { kind, cpuCount: 2, isSelinux: false }).HostConfig?.Tmpfs;

  const common = 'rw,exec,nosuid,nodev,size=10,mode=1777';
  assert.deepEqual(tmpfs('docker'), { '/builddir': `${common},uid=1000,gid=1001` });
  assert.deepEqual(tmpfs('podman'), { '/builddir': common });
});

test('describeContainer() goes without an SELinux label where SELinux is', () => {
  const options = describeContainer(REQUEST, { kind: 'podman', cpuCount: 2, isSelinux: true });

  assert.deepEqual(options.HostConfig?.SecurityOpt, ['no-new-privileges', 'label=disable']);
});

test("describeCommit() overwrites the container's own labels and empties its environment", () => {
  const commit = { repository: 'r', tag: 't', labels: { digest: 'ab' } };

  const query = describeCommit('id', commit, {
    labels: { home: '/a b', digest: 'x' },
    environment: { PATH: '/bin', http_proxy: 'http://user:password@proxy' },
  });

  assert.deepEqual(query.changes, ['LABEL home=-', 'LABEL digest=ab', 'ENV http_proxy=']);
});

test('describeCommit() refuses a label that would need quotes', () => {
  const commit = { repository: 'r', tag: 't', labels: { title: 'a b' } };

  assert.throws(() => describeCommit('id', commit, REQUEST), /BUG/);
});
