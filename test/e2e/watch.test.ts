import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { AliveStamp, StatusReport, StreamStatus } from '../../model/status.ts';
import { type LyingMirror, startLyingMirror } from '../support/lying-mirror.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';

// One world with two mirrors of one repository, one story: the tests below build on each other in their order.

const TIMEOUT_MS = 60_000;
const REPOMD = '/repodata/repomd.xml';
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const releases = [first, releaseOf(lab, 'changed'), releaseOf(lab, 'same')];
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-watch-'));
const whole = join(directory, 'stream');
/** The same repository as a crawl that went wrong leaves it: whole and signed, with one kernel. */
const shrunk = join(directory, 'shrunk');
let one: LyingMirror;
let other: LyingMirror;
let world: World;

function describeStream({ lab: { upstreamKey, image } }: World): readonly string[] {
  return [
    'streams:',
    '  lab:',
    '    like: lab',
    `    urls: [{ mirrors: [${one.url}, ${other.url}] }]`,
    '    poll: 2s',
    `    trust: { gpgKeys: [${upstreamKey}], gpgCheck: true, repoGpgCheck: true }`,
    'targets:',
    `  lab: { like: lab, image: '${image}' }`,
  ];
}

async function waitForStream(
  what: string,
  condition: (stream: StreamStatus) => boolean,
): Promise<StreamStatus> {
  const isSo = ({ streams: [stream] }: StatusReport): boolean =>
    stream !== undefined && condition(stream);
  const { streams } = await world.waitFor(what, isSo, TIMEOUT_MS);
  const [stream] = streams;
  assert.ok(stream);
  return stream;
}

/** Waits until a mirror was asked so often again, and tells what it answered. */
async function waitForAnswers(mirror: LyingMirror, count: number): Promise<readonly string[]> {
  const from = mirror.answers.length;
  const isAsked = (): boolean => mirror.answers.length >= from + count;
  await world.waitFor(`${count} requests`, isAsked, TIMEOUT_MS);
  return mirror.answers.slice(from);
}

function serveBoth(root: string): void {
  one.serve(root);
  other.serve(root);
}

before(async () => {
  [one, other] = await Promise.all([startLyingMirror(whole), startLyingMirror(whole)]);
  world = await World.create(lab, {
    ...{ directory, kmods: [], released: releases, describe: describeStream },
  });
  await world.up();
});

after(async () => {
  await world?.[Symbol.asyncDispose]();
  await Promise.all([one, other].map((mirror) => mirror?.[Symbol.asyncDispose]()));
  await removeWorld(directory);
});

test('an unchanged stream costs one conditional request a poll, and none of the other mirror', async () => {
  await waitForStream('all kernels are known', ({ kernels, lastLook }) => {
    const isQuiet = lastLook?.message === 'Nothing has changed';
    return isQuiet && kernels.length === releases.length;
  });

  const answers = await waitForAnswers(one, 3);

  assert.deepEqual([...new Set(answers)], [`304 ${REPOMD}`]);
  assert.deepEqual(other.answers, []);
});

test('a mirror that is down is passed over, and the look says so', async () => {
  one.fail(503);

  const { lastLook, freshness } = await waitForStream('it is passed over', ({ lastLook: look }) =>
    Boolean(look?.message.includes('passed over')),
  );

  assert.equal(lastLook?.ok, true);
  assert.match(
    lastLook.message,
    /^Nothing has changed; passed over 127\.0\.0\.1:\d+: .*found 503$/,
  );
  assert.equal(freshness?.staleSince, undefined);
  assert.deepEqual([...new Set(other.answers)], [`200 ${REPOMD}`]);
});

test('a look that lost kernels is put into quarantine: seen in status and on disk, nothing is gone', async () => {
  const release = fileURLToPath(new URL('../../lab/release-kernel.sh', import.meta.url));
  await promisify(execFile)(release, [shrunk, first]);
  serveBoth(shrunk);

  const { quarantine, lastLook, kernels } = await waitForStream(
    'the look is in quarantine',
    (stream) => stream.quarantine !== undefined,
  );

  assert.equal(lastLook?.ok, false);
  assert.equal(quarantine?.lost.length, 2);
  assert.deepEqual(
    kernels.map(({ goneSince }) => goneSince),
    [undefined, undefined, undefined],
  );
  const { stdout } = await world.rekmod('status');
  assert.match(stdout, /In quarantine since .*: 2 kernels of flavour "default" vanished, expected/);
  assert.match(stdout, /rekmod stream accept lab --why/);
  const evidence = join(world.home, quarantine.evidence);
  assert.deepEqual(await readdir(evidence), ['look.json', 'repomd-0.xml']);
  assert.deepEqual(
    await readFile(join(evidence, 'repomd-0.xml')),
    await readFile(join(shrunk, REPOMD)),
  );
  const page = await (await fetch(`${world.serverUrl}/status/`)).text();
  assert.match(page, /In quarantine since/);
  const alive: AliveStamp = JSON.parse(
    await readFile(join(world.home, 'status', 'alive.json'), 'utf8'),
  );
  assert.ok(Date.parse(alive.nextBy) > Date.now());
});

test('what is in quarantine is asked for once a poll, until it is good again', async () => {
  const answers = await waitForAnswers(one, 2);
  assert.deepEqual([...new Set(answers)], [`304 ${REPOMD}`]);

  serveBoth(whole);

  const { lastLook } = await waitForStream('it is healed', (stream) => !stream.quarantine);
  assert.equal(lastLook?.ok, true);
});

test('a person accepts what upstream means, and that stands in the history', async () => {
  const early = await world.rekmod('stream', 'accept', 'lab', '--why', 'too early');
  serveBoth(shrunk);
  await waitForStream('it is in quarantine again', (stream) => stream.quarantine !== undefined);
  const silent = await world.rekmod('stream', 'accept', 'lab', '--why', ' ');

  const end = await world.rekmod(
    'stream',
    'accept',
    'lab',
    '--why',
    'all had a hole',
    '--by',
    'ada',
  );

  assert.equal(early.exitCode, 3);
  assert.match(early.stderr, /Cannot accept the look at "lab": expected one in quarantine, found/);
  assert.equal(silent.exitCode, 3);
  assert.equal(end.exitCode, 0, end.stderr);
  assert.match(end.stdout, /^Accepted\. 1 kernels are offered, none is new; withdrawn upstream: /);
  const { acceptance, quarantine, kernels } = await waitForStream('it is accepted', (stream) => {
    return stream.acceptance !== undefined && stream.quarantine === undefined;
  });
  assert.deepEqual(
    [acceptance?.by, acceptance?.why, quarantine],
    ['ada', 'all had a hole', undefined],
  );
  assert.deepEqual(
    kernels.map(({ isWithdrawn }) => isWithdrawn),
    [undefined, true, true],
  );
  const { stdout } = await world.rekmod('status');
  assert.match(stdout, new RegExp(`${releases[1]} is withdrawn upstream since`));
  const connection = await Connection.connect({ address: world.temporalAddress });
  const handle = new Client({ connection }).workflow.getHandle('stream/lab/accept');
  const { events } = await handle.fetchHistory();
  await connection.close();
  const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const { accept } = JSON.parse(Buffer.from(input?.data ?? []).toString());
  assert.deepEqual(accept, { by: 'ada', why: 'all had a hole' });
});

test('withdrawn kernels that upstream brings back are not withdrawn any more', async () => {
  serveBoth(whole);

  const { kernels } = await waitForStream('they are back', ({ kernels: known, lastLook }) => {
    return lastLook?.ok === true && known.every(({ goneSince }) => goneSince === undefined);
  });

  assert.equal(kernels.length, releases.length);
});

test('metadata that changed on the way is never used, and the look heals', async () => {
  await world.tamperPrimary();
  const broken = await waitForStream('the look fails', ({ lastLook }) => lastLook?.ok === false);
  const { stdout } = await world.rekmod('status');

  await world.release(...releases);
  const { kernels } = await waitForStream('it is whole again', ({ lastLook }) => {
    return lastLook?.ok === true;
  });

  const message = broken.lastLook?.message ?? '';
  assert.match(
    message,
    /expected one of 2 mirrors to serve it, found: Cannot trust .*; Cannot trust/,
  );
  assert.match(stdout, /Cannot trust/);
  assert.equal(kernels.length, releases.length);
});
