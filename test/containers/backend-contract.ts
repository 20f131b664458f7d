import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Buildroot } from '../../containers/backend.ts';
import {
  BuildrootMissingError,
  InputUnreadableError,
  PrepareFailedError,
} from '../../model/engine-errors.ts';
import { type BuildRig, LIMITS } from './backend-rig.ts';

/** A backend whose engine or mock a test drives step by step. */
export interface ContractRig extends BuildRig {
  /** Takes a preparation through that is under way; `words` are dnf's when it fails. */
  finishPreparation(end: 'ok' | 'failed', words?: string): Promise<void>;
  /** A buildroot to build in. */
  prepared(): Promise<Buildroot>;
  /** Takes the next build up to rpmbuild. */
  nextBuild(): Promise<ContractBuild>;
  /** How many programs or containers were started so far. */
  startCount(): number;
}

/** A build that is at work. */
export interface ContractBuild {
  say(text: string): Promise<void>;
  /** Hands out files and ends by success. */
  succeed(files: Readonly<Record<string, string>>): Promise<void>;
  end(how: 'exit' | 'timeout' | 'out-of-memory'): Promise<void>;
  /** Resolves when nothing of it runs any more. */
  gone(): Promise<void>;
}

const RPM = 'kmod-a-1-1.x86_64.rpm';

/** What every backend must do, whatever it is made of. */
export function testBackendContract(name: string, start: () => Promise<ContractRig>): void {
  const it = (title: string, body: (rig: ContractRig) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      await using rig = await start();
      await body(rig);
    });
  };
  testPreparations(it);
  testBuilds(it);
  testOutputs(it);
}

type Define = (title: string, body: (rig: ContractRig) => Promise<void>) => void;

function testPreparations(it: Define): void {
  it('prepare() makes a buildroot once and finds it again without starting anything', async (rig) => {
    const first = rig.backend.prepare(rig.prepareRequest(), rig.run);
    await rig.finishPreparation('ok');
    const made = await first;
    const startCount = rig.startCount();

    const found = await rig.backend.prepare(rig.prepareRequest(), rig.run);

    assert.equal(made.isReused, false);
    assert.deepEqual(found, { ...made, isReused: true });
    assert.equal(rig.startCount(), startCount);
  });

  it('prepare() makes one buildroot for callers that come at the same time', async (rig) => {
    const first = rig.backend.prepare(rig.prepareRequest(), rig.run);
    const second = rig.backend.prepare(rig.prepareRequest(), rig.run);
    await rig.finishPreparation('ok');

    const buildroots = await Promise.all([first, second]);

    // Which of them came first is not said.
    const made = buildroots.find(({ isReused }) => !isReused);
    const shared = buildroots.find(({ isReused }) => isReused);
    assert.deepEqual(shared, { ...made, isReused: true });
  });

  it('prepare() gives another buildroot for another kernel and for other packages', async (rig) => {
    const base = rig.prepareRequest();
    const requests = [
      base,
      { ...base, kernel: { ...base.kernel, develSha256: 'cd' } },
      { ...base, target: { ...base.target, packages: ['clang'] } },
    ];
    const ids: string[] = [];
    for (const request of requests) {
      const prepared = rig.backend.prepare(request, rig.run);
      await rig.finishPreparation('ok');
      ids.push((await prepared).digest);
    }

    assert.equal(new Set(ids).size, requests.length);
  });

  for (const [words, failureClass] of [
    ['No match for argument: gccc', 'configuration'],
    ['Error: Failed to download metadata for repo "base"', 'transient'],
  ] as const) {
    it(`prepare() takes "${words}" for ${failureClass}`, async (rig) => {
      const prepared = rig.backend.prepare(rig.prepareRequest(), rig.run);
      prepared.catch(() => undefined);
      await rig.finishPreparation('failed', words);

      await assert.rejects(prepared, (error) => {
        assert.ok(error instanceof PrepareFailedError, String(error));
        assert.equal(error.failureClass, failureClass);
        assert.ok(error.lastLines.includes(words), error.message);
        return true;
      });
    });
  }
}

function testBuilds(it: Define): void {
  it('build() hands out the RPMs, sorted by name, and the log', async (rig) => {
    const buildroot = await rig.prepared();
    const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
    const build = await rig.nextBuild();
    await build.say('compiling\n');
    await build.succeed({ [RPM]: 'one', 'kmod-a-0.rpm': '2' });

    assert.deepEqual(await built, {
      kind: 'succeeded',
      files: [
        { name: 'kmod-a-0.rpm', sizeBytes: 1 },
        { name: RPM, sizeBytes: 3 },
      ],
    });
    assert.equal(await readFile(join(rig.outputDirectory, RPM), 'utf8'), 'one');
    assert.match(rig.log(), /^compiling$/m);
  });

  for (const how of ['exit', 'timeout', 'out-of-memory'] as const) {
    it(`build() reports an end by ${how}, and keeps nothing`, async (rig) => {
      const buildroot = await rig.prepared();
      const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
      const build = await rig.nextBuild();
      await build.say('error: no such thing\n');
      await build.end(how);

      const result = await built;
      assert.equal(result.kind === 'failed' && result.why, how);
      assert.deepEqual(await readdir(rig.outputDirectory), []);
      assert.match(rig.log(), /^error: no such thing$/m);
    });
  }

  it('build() rejects with the reason of its signal, and nothing runs any more', async (rig) => {
    const buildroot = await rig.prepared();
    const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
    built.catch(() => undefined);
    const build = await rig.nextBuild();
    rig.controller.abort(new Error('cancelled'));
    await build.gone();

    await assert.rejects(built, { message: 'cancelled' });
    assert.deepEqual(await readdir(rig.outputDirectory), []);
  });

  it('build() cuts the middle of a log that exceeds its limit', async (rig) => {
    const buildroot = await rig.prepared();
    const limits = { ...LIMITS, logBytes: 2000 };
    const built = rig.backend.build(rig.buildRequest({ buildroot, limits }), rig.run);
    const build = await rig.nextBuild();
    for (let line = 0; line < 100; line += 1) await build.say(`${line} ${'x'.repeat(96)}\n`);
    await build.say('the end\n');
    await build.end('exit');
    await built;

    assert.match(rig.log(), /\nrekmod: \d+ bytes of log are left out here \(limit 2000\)\n/);
    assert.match(rig.log(), /^0 x+$/m);
    assert.match(rig.log(), /^the end$/m);
    assert.doesNotMatch(rig.log(), /^50 x+$/m);
  });

  it('build() throws when the buildroot is none of this machine', async (rig) => {
    const request = rig.buildRequest({
      buildroot: { id: 'somewhere-else', digest: 'ab', isReused: true },
    });

    await assert.rejects(rig.backend.build(request, rig.run), BuildrootMissingError);
  });

  it('build() throws when its user could not read the sources', async (rig) => {
    const buildroot = await rig.prepared();
    await chmod(join(rig.specDirectory, 'a.spec'), 0o600);

    await assert.rejects(
      rig.backend.build(rig.buildRequest({ buildroot }), rig.run),
      InputUnreadableError,
    );
  });
}

function testOutputs(it: Define): void {
  it('build() refuses a name that is not plain', async (rig) => {
    const buildroot = await rig.prepared();
    const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
    await (await rig.nextBuild()).succeed({ [RPM]: 'one', '-a b.rpm': 'x' });

    assert.deepEqual(await built, { kind: 'failed', why: 'bad-output' });
    assert.deepEqual(await readdir(rig.outputDirectory), []);
    assert.match(rig.log(), /rekmod: the build's output is refused: .* is no plain name of an RPM/);
  });

  it('build() refuses an output without packages, and one that is too large', async (rig) => {
    const buildroot = await rig.prepared();
    const cases = [
      [{}, 'bad-output'],
      [{ [RPM]: 'x'.repeat(LIMITS.outputBytes + 1) }, 'output-too-large'],
    ] as const;
    for (const [files, why] of cases) {
      const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
      await (await rig.nextBuild()).succeed(files);

      assert.deepEqual(await built, { kind: 'failed', why });
      assert.deepEqual(await readdir(rig.outputDirectory), []);
    }
  });

  it('build() never writes over a file that is there', async (rig) => {
    const buildroot = await rig.prepared();
    await writeFile(join(rig.outputDirectory, RPM), 'mine');
    const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
    await (await rig.nextBuild()).succeed({ 'kmod-0.rpm': 'y', [RPM]: 'x' });

    assert.deepEqual(await built, { kind: 'failed', why: 'bad-output' });
    assert.deepEqual(await readdir(rig.outputDirectory), [RPM]);
    assert.equal(await readFile(join(rig.outputDirectory, RPM), 'utf8'), 'mine');
  });
}
