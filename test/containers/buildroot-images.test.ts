import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBuildrootImages } from '../../containers/buildroot-images.ts';
import { openBuildrootUses } from '../../containers/buildroot-uses.ts';
import { BuildrootMissingError } from '../../model/engine-errors.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';
import { FakeEngine } from './fake-engine.ts';

const DIGEST = 'ab'.repeat(32);
const COMMON = `rekmod/buildroot:${DIGEST.slice(0, 16)}`;

/** Two data directories on one engine with one buildroot. */
function makeRig(scratch: Scratch) {
  const engine = new FakeEngine();
  const id = engine.addImage(COMMON, { sizeBytes: 7 });
  const open = (home: string) => {
    const uses = openBuildrootUses(scratch.at(home));
    const images = openBuildrootImages(engine, uses);
    const buildroot = { id, digest: DIGEST, isReused: true };
    return {
      images,
      buildroot,
      use: () => images.use(buildroot, { home, kernel: 'lab/6.1' }),
      async remove() {
        const [use] = await images.list();
        assert.ok(use);
        return await images.remove(use, home);
      },
    };
  };
  return { engine, id, one: open('one'), two: open('two') };
}

test('openBuildrootImages() keeps an image while another data directory uses it', async () => {
  await using scratch = await makeScratch();
  const { engine, one, two } = makeRig(scratch);
  await one.use();
  await two.use();

  assert.deepEqual(await one.remove(), { freedBytes: 0 });
  assert.ok(await engine.findImage(COMMON));
  assert.deepEqual(await one.images.list(), []);
  assert.deepEqual(await two.remove(), { freedBytes: 7 });
  assert.equal(await engine.findImage(COMMON), undefined);
});

test('openBuildrootImages() removes no image that a build uses, or that was used since it was listed', async () => {
  await using scratch = await makeScratch();
  const { engine, one } = makeRig(scratch);
  await one.use();

  await one.images.during(one.buildroot, async () => {
    assert.equal(await one.remove(), undefined);
  });
  const [stale] = await one.images.list();
  assert.ok(stale);
  await one.use();
  assert.equal(await one.images.remove(stale, 'one'), undefined);

  assert.ok(await engine.findImage(COMMON));
});

test('openBuildrootImages() leaves an image that somebody has a container of, and asks again later', async () => {
  await using scratch = await makeScratch();
  const { engine, id, one } = makeRig(scratch);
  await one.use();
  engine.used.add(id);

  assert.equal(await one.remove(), undefined);
  engine.used.delete(id);
  assert.deepEqual(await one.remove(), { freedBytes: 7 });
});

test('openBuildrootImages() says that a buildroot is missing when its image is', async () => {
  await using scratch = await makeScratch();
  const { one } = makeRig(scratch);
  const gone = { ...one.buildroot, id: 'sha256:gone' };

  await assert.rejects(
    one.images.use(gone, { home: 'one', kernel: 'lab/6.1' }),
    BuildrootMissingError,
  );
});
