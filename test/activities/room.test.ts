import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openContentStore } from '../../activities/content-store.ts';
import { FailureInterceptor } from '../../activities/failures.ts';
import { findFullPath, RoomInterceptor, readFreeRoom } from '../../activities/room.ts';
import { inActivity } from '../support/activity-context.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

/** A file system of 256 KiB with 24 inodes; undefined where this process cannot mount. */
async function mountTiny(scratch: Scratch) {
  const path = scratch.at('tiny');
  await mkdir(path);
  const run = promisify(execFile);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k,nr_inodes=24', 'tmpfs', path]);
  } catch (error) {
    return { skip: `cannot mount here: ${String(error)}` };
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => void (await run('umount', [path])),
  };
}

const input = { args: [], headers: {} };

test('findFullPath() tells of bytes and of inodes that are missing, and skips what is not here', async (context) => {
  await using scratch = await makeScratch();
  const made = await mountTiny(scratch);
  if ('skip' in made) return context.skip(made.skip);
  await using tiny = made;
  const paths = [scratch.at('nowhere'), tiny.path];
  const look = (bytes: number, inodes: number) =>
    findFullPath({ paths, wanted: { bytes, inodes } });

  assert.equal(await look(1024, 1), undefined);
  assert.equal(
    await look(1024 ** 3, 1),
    `expected 1.0 GiB free, found 256.0 KiB at "${tiny.path}"`,
  );
  assert.match((await look(1024, 25)) ?? '', /^expected 25 inodes free, found 2\d at ".*tiny"$/);
  assert.ok(((await readFreeRoom(tiny.path))?.inodes ?? 0) > 0);
});

test('RoomInterceptor has hungry work wait until there is room, and says so', async (context) => {
  await using scratch = await makeScratch();
  const made = await mountTiny(scratch);
  if ('skip' in made) return context.skip(made.skip);
  await using tiny = made;
  await writeFile(`${tiny.path}/filler`, Buffer.alloc(200 * 1024));
  const said: string[] = [];
  const wanted = { bytes: 128 * 1024, inodes: 1 };
  const rule = { paths: [tiny.path], wanted, intervalMs: 1 };
  const interceptor = new RoomInterceptor({
    ...rule,
    say(sentence) {
      said.push(sentence);
      void rm(`${tiny.path}/filler`, { force: true });
    },
  });

  const activity = { activityType: 'buildKmod' };
  const result = await inActivity(
    () => interceptor.execute(input, async () => 'built'),
    undefined,
    activity,
  );

  assert.equal(result, 'built');
  assert.match(
    said[0] ?? '',
    /^Cannot begin "buildKmod of rebuild\/.*": expected 128\.0 KiB free, found /,
  );
  assert.match(said[1] ?? '', /^There is room again: buildKmod of /);
});

test('RoomInterceptor lets small work through on a full disk', async () => {
  const wanted = { bytes: Number.MAX_SAFE_INTEGER, inodes: 1 };
  const say = (): void => assert.fail('waited');
  const interceptor = new RoomInterceptor({ paths: ['/'], wanted, say });

  await inActivity(() => interceptor.execute(input, async () => 'recorded'));
});

for (const [what, fill] of [
  ['bytes', (path: string) => writeFile(`${path}/filler`, Buffer.alloc(252 * 1024))],
  [
    'inodes',
    async (path: string) => {
      for (let file = 0; file < 24; file += 1) {
        await writeFile(`${path}/${file}`, '').catch(() => undefined);
      }
    },
  ],
] as const) {
  test(`a store on a disk that is out of ${what} leaves nothing behind, and takes the file when there is room`, async (context) => {
    await using scratch = await makeScratch();
    const made = await mountTiny(scratch);
    if ('skip' in made) return context.skip(made.skip);
    await using tiny = made;
    const store = openContentStore(`${tiny.path}/store`);
    await store.addText('makes the folders');
    await fill(tiny.path);
    const add = (): Promise<unknown> => store.addText('x'.repeat(64 * 1024));

    const failure = await inActivity(() =>
      new FailureInterceptor({ attempt: 1, activityType: 'test' }).execute(input, add),
    ).then(
      () => assert.fail('there was room'),
      (error: unknown) => error,
    );

    assert.match(
      String(failure),
      /Cannot finish "test": expected room for what it writes, found none \(ENOSPC\)/,
    );
    assert.ok(failure instanceof Error && 'nonRetryable' in failure);
    assert.equal(failure.nonRetryable, false);
    await promisify(execFile)('sh', ['-c', 'rm -f "$1"/filler "$1"/[0-9]*', 'sh', tiny.path]);
    const { stdout } = await promisify(execFile)('find', [
      `${tiny.path}/store/incoming`,
      '-type',
      'f',
    ]);
    assert.equal(stdout, '');
    await add();
  });
}
