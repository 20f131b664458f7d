import assert from 'node:assert/strict';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { CellState } from '../../model/cell-state.ts';
import type { StatusReport } from '../../model/status.ts';
import { type Hostility, makeHostileKmod } from '../support/hostile-kmods.ts';
import { listOwnContainers } from '../support/list-own-containers.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';
import { openWitness, type Witness } from '../support/witness.ts';

// One rollout of one kernel: whoever does no harm is published, all others end with words of what they did.

const ROLLOUT_TIMEOUT_MS = 240_000;
const SECRET_NAME = 'REKMOD_TEST_SECRET';
const lab: Lab = await requireLab();
const release = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-hostile-'));
const witness: Witness = await openWitness();
let world: World;
let report: StatusReport;

const CONNECT = `bash -c 'for host in 127.0.0.1 10.0.2.2 172.17.0.1; do (echo >/dev/tcp/$host/${witness.port}) 2>/dev/null; done'`;
const ESCAPES = '\\033]0;owned\\007\\033[2J\\033]8;;http://example.org\\033\\\\';
const TAKEN = [
  '%attr(4755,root,root) /usr/bin/taker',
  '%attr(666,root,root) /etc/cron.d/taker',
  '%caps(cap_sys_admin=ep) /usr/bin/able',
  '%post',
  'true',
  '%triggerin -- bash',
  'true',
];

/** How a kmod ends: published, or with these words in `rekmod why`. */
const KMODS: Readonly<Record<string, readonly [Hostility, 'built' | RegExp]>> = {
  neighbour: [{}, 'built'],
  prober: [
    {
      parse: `%(${CONNECT})%{lua:os.execute([[${CONNECT}]])}`,
      build: `printf '${ESCAPES}\\n'\npython3 %{SOURCE0} 127.0.0.1 ${witness.port} -- ${witness.socketName}`,
    },
    'built',
  ],
  liar: [
    { parse: `%(echo 'devel 7' >&3; echo 'compiler hostile 1' >&3; echo 'tree /' >&3; true)` },
    'built',
  ],
  parser: [
    { parse: `%(trap '' TERM; (setsid sleep 600 &) ; sleep 600)` },
    /could not be compiled .*within the time that it is given/,
  ],
  flooder: [{ parse: '%(yes)' }, /could not be compiled /],
  forker: [{ build: `bomb() { bomb | bomb & }; bomb; sleep 600` }, /failed while building/],
  hog: [{ build: 'head -c 2G /dev/zero | tail' }, /with the memory that it is given/],
  filler: [
    { build: 'dd if=/dev/zero of=fill bs=1M' },
    /with the room for files that it is given.*limits\.scratch/s,
  ],
  chatter: [{ build: `yes "$(printf '${ESCAPES}')"` }, /it wrote a log without end/],
  line: [{ build: `tr '\\0' x </dev/zero` }, /it wrote a log without end/],
  junk: [{ build: 'echo junk >/proc/1/fd/3' }, /something other than packages came out/],
  taker: [
    {
      preamble: 'Provides: kernel = 99\nObsoletes: glibc < 99',
      install: `install -D -m 755 /usr/bin/true %{buildroot}/usr/bin/taker
install -m 755 /usr/bin/true %{buildroot}/usr/bin/able
install -D -m 644 /dev/null %{buildroot}/etc/cron.d/taker`,
      files: TAKEN.join('\n'),
    },
    /did not pass the checks.*\/usr\/bin\/taker\s+is\s+set-uid/s,
  ],
};

function stateOf(kmod: string): CellState | undefined {
  return report.cells.find((cell) => cell.kmod === kmod)?.state;
}

before(async () => {
  const kmods = await Promise.all(
    Object.entries(KMODS).map(([name, [hostility]]) =>
      makeHostileKmod(join(directory, 'made'), name, hostility),
    ),
  );
  world = await World.create(lab, {
    directory,
    released: [release],
    kmods,
    limits: [
      'parallelBuilds: 2',
      'memory: 512MiB',
      'scratch: 192MiB',
      'pids: 256',
      'log: 256KiB',
      'output: 16MiB',
      'buildTimeout: 20s',
    ],
    environment: { [SECRET_NAME]: 'secret' },
  });
  await world.up();
  const open: readonly CellState[] = ['unknown', 'waiting', 'running'];
  report = await world.waitFor(
    'the end of the rollout',
    ({ cells }) =>
      cells.length === Object.keys(KMODS).length &&
      cells.every(({ state }) => !open.includes(state)),
    ROLLOUT_TIMEOUT_MS,
  );
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await witness[Symbol.asyncDispose]();
  await removeWorld(directory);
});

for (const [kmod, [, end]] of Object.entries(KMODS)) {
  const words = end === 'built' ? 'is published' : `ends by ${end.source}`;
  test(`${kmod} ${words}`, async () => {
    const { stdout } = await world.rekmod('why', kmod, release);

    assert.equal(stateOf(kmod), end === 'built' ? 'built' : 'failed', stdout);
    if (end !== 'built') assert.match(stdout, end);
  });
}

test('nobody who listens on the machine was visited from a build or a spec', async () => {
  assert.equal(witness.visitCount(), 0);

  await new Promise<void>((resolve, reject) => {
    connect(witness.port, '127.0.0.1', resolve).once('error', reject);
  });
  while (witness.visitCount() === 0) await new Promise(setImmediate);
});

const DENIED: Readonly<Record<string, RegExp>> = {
  init_module: /^EPERM$/,
  delete_module: /^EPERM$/,
  kexec_load: /^EPERM$/,
  bpf: /^EPERM$/,
  perf_event_open: /^E(?:PERM|ACCES)$/,
  add_key: /^EPERM$/,
  mount: /^EPERM$/,
  unshare: /^EPERM$/,
  setns: /^EPERM$/,
  reboot: /^EPERM$/,
  setuid: /^EPERM$/,
  mknod: /^EPERM$/,
  open_by_handle_at: /^EPERM$/,
  dns: /^refused$/,
  'tcp:127.0.0.1': /^ECONNREFUSED$/,
  'tcp:10.0.2.2': /^ENETUNREACH$/,
  'tcp:172.17.0.1': /^ENETUNREACH$/,
  'tcp:169.254.169.254': /^ENETUNREACH$/,
  abstract: /^ECONNREFUSED$/,
  engine: /^ENOENT$/,
  uid: /^1000$/,
  environment: /^(?!REKMOD_(?!SPEC$))/,
  given: /^(?:input|build-package\.sh)$/,
  status: /^(?:Cap\w+:0{16}|NoNewPrivs:1|Seccomp:2)$/,
};

test('a build that tries everything is refused all of it', async () => {
  const { stdout } = await world.rekmod('logs', 'prober', release);
  const told = [...stdout.matchAll(/^PROBE (\S+) (.*)$/gm)].map(([, what = '', why = '']) => ({
    what,
    why,
  }));

  for (const [what, expected] of Object.entries(DENIED)) {
    const found = told.filter((one) => one.what === what);
    assert.ok(found.length > 0, `${what} was not tried\n${stdout}`);
    for (const { why } of found) assert.match(why, expected, what);
  }
  const writes = told.filter(({ what }) => what.startsWith('write:'));
  assert.equal(writes.length, 7);
  for (const { what, why } of writes) assert.match(why, /^E(?:ROFS|ACCES|PERM|NOENT)$/, what);
  assert.ok(!stdout.includes(SECRET_NAME));
});

test('a log without end is kept with its begin and its end, and shown without a single escape', async () => {
  for (const kmod of ['chatter', 'line', 'prober']) {
    const { stdout } = await world.rekmod('logs', kmod, release);

    assert.doesNotMatch(stdout, /(?![\n\t])\p{Cc}/u, kmod);
    assert.ok(stdout.length < 4 * 1024 * 1024, `${kmod}: ${stdout.length} characters`);
  }
  const { stdout } = await world.rekmod('logs', 'chatter', release);

  assert.match(stdout, /\\u\{1b\}\]0;owned\\u\{7\}/);
  assert.match(stdout, /bytes of log are left out here \(limit 262144\)/);
  assert.match(stdout, /rekmod: the build was stopped for its log: more than 16777216 bytes\n$/);
});

test('all that a package takes is told at once', async () => {
  const { stdout } = await world.rekmod('why', 'taker', release, '--json');

  for (const words of [
    '/usr/bin/taker is set-uid or set-gid',
    '/etc/cron.d/taker lies where no kmod has files',
    '/etc/cron.d/taker is writable for everybody',
    '/usr/bin/able has the capabilities cap_sys_admin=ep',
    'it claims to be kernel',
    'it replaces glibc',
    'it runs scripts when bash changes',
  ]) {
    assert.ok(stdout.includes(words), `${words}\n${stdout}`);
  }
});

test('a spec tells nothing about the buildroot of all', async () => {
  const { stdout } = await world.rekmod('logs', 'buildroot', release);

  assert.match(stdout, /Cannot read the BuildRequires of "parser\.spec": .* without end/);
  assert.match(stdout, /Cannot read the BuildRequires of "flooder\.spec"/);
  assert.match(stdout, /The buildroot is ready/);
  const { stdout: neighbour } = await world.rekmod('logs', 'neighbour', release);
  assert.doesNotMatch(neighbour, /hostile 1/);
});

test('nothing is left: no container, and no process of a build', async () => {
  assert.deepEqual(await listOwnContainers(world.home), []);
  const { size } = await stat(world.upLog);
  assert.ok(size < 1024 * 1024, `${size} bytes`);
  assert.doesNotMatch(await readFile(world.upLog, 'utf8'), /(?!\n)\p{Cc}/u);
});
