import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openRpm } from '../../activities/rpm-file.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import { RekmodError } from '../../model/errors.ts';
import { CpioParseError, RpmHeaderParseError } from '../../model/parse-errors.ts';
import { releaseFromPaths } from '../../rpm/kernels.ts';
import { fixturePath, readFixture } from '../kabi/fixtures.ts';

const MODULE = '/lib/modules/6.1.0-54-amd64/extra/demo/virtio_dma_buf.ko';
const OPTIONS = {
  wants: () => true,
  maxBytesPerFile: 1_000_000,
  signal: new AbortController().signal,
};

for (const payload of ['gzdio', 'xzdio', 'lzdio', 'zstdio', 'bzdio', 'ufdio']) {
  test(`openRpm() reads a payload compressed by ${payload}`, async () => {
    const rpm = await openRpm(fixturePath(`rpms/kmod-demo-1.0~rc1-1.${payload}.x86_64.rpm`));

    const files = await rpm.readFiles(OPTIONS);

    assert.deepEqual([...files.keys()], [MODULE]);
    assert.ok(
      Buffer.from(readFixture('modules/virtio_dma_buf.ko')).equals(
        files.get(MODULE) ?? Buffer.alloc(0),
      ),
    );
  });
}

test('openRpm() gives the release and the symvers of a kernel-devel', async () => {
  const rpm = await openRpm(fixturePath('rpms/kernel-devel-6.1.0-54.el9.x86_64.rpm'));

  const files = await rpm.readFiles({
    ...OPTIONS,
    wants: (path) => path.endsWith('/Module.symvers'),
  });

  const [[path, bytes] = ['', new Uint8Array()]] = files;
  assert.equal(releaseFromPaths(rpm.header.files.map((file) => file.path)), '6.1.0-54.el9.x86_64');
  assert.equal(path, '/usr/src/kernels/6.1.0-54.el9.x86_64/Module.symvers');
  assert.equal(parseSymvers(Buffer.from(bytes).toString()).size, 60);
});

test('openRpm() reads a source package', async () => {
  const rpm = await openRpm(fixturePath('rpms/kmod-demo-1.0~rc1-1.src.src.rpm'));

  const files = await rpm.readFiles(OPTIONS);

  assert.deepEqual([...files.keys()].sort(), ['/kmod-demo.spec', '/virtio_dma_buf.ko']);
});

test('openRpm() refuses a wanted file that is too large', async () => {
  const rpm = await openRpm(fixturePath('rpms/kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm'));

  await assert.rejects(rpm.readFiles({ ...OPTIONS, maxBytesPerFile: 100 }), CpioParseError);
});

test('openRpm() hands out files one by one, waiting for each', async () => {
  const rpm = await openRpm(fixturePath('rpms/kmod-demo-1.0~rc1-1.src.src.rpm'));
  const events: string[] = [];

  await rpm.visitFiles(OPTIONS, async (path) => {
    events.push(`begin ${path}`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`end ${path}`);
  });

  assert.deepEqual(events, [
    ...['begin /kmod-demo.spec', 'end /kmod-demo.spec'],
    ...['begin /virtio_dma_buf.ko', 'end /virtio_dma_buf.ko'],
  ]);
});

test('openRpm() hands on what a visitor throws', async () => {
  const rpm = await openRpm(fixturePath('rpms/kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm'));

  await assert.rejects(
    rpm.visitFiles(OPTIONS, async () => {
      throw new Error('disk full');
    }),
    /disk full/,
  );
});

test('openRpm() refuses what is no RPM, and a payload that is cut', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-rpm-'));
  try {
    const path = join(directory, 'a.rpm');
    await writeFile(path, 'x'.repeat(1000));
    await assert.rejects(openRpm(path), RpmHeaderParseError);

    const whole = await readFile(fixturePath('rpms/kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'));
    await writeFile(path, whole.subarray(0, -200));
    const rpm = await openRpm(path);
    await assert.rejects(rpm.readFiles(OPTIONS), RekmodError);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('openRpm() hands out that a file is missing', async () => {
  await assert.rejects(openRpm('/nonexistent.rpm'), { code: 'ENOENT' });
});
