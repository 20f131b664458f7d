import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseKernels, type KernelChoice } from '../../cli/choose-kernels.ts';
import { NotFoundError } from '../../model/activity-errors.ts';
import { makeDataRig, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';

const STREAMS = ['lab', 'other'];

/** Four kernels of `lab`, of which two are kept, one of `other` and none of `empty`. */
async function choose(
  choice: KernelChoice,
  streams: readonly string[] = STREAMS,
): Promise<readonly string[]> {
  await using rig = await makeDataRig();
  for (const number of ['70', '162', '427', '611']) {
    await rig.records.writeKernel(kernelOf(`5.14.0-${number}`));
  }
  await rig.records.writeKernel(kernelOf('5.14.0-427', { stream: 'other' }));
  const settings = settingsOf({
    streams: [
      streamOf({ keepKernels: 2 }),
      streamOf({ name: 'other', keepKernels: 2 }),
      streamOf({ name: 'empty' }),
    ],
  });
  const kernels = await chooseKernels(choice, streams, { settings, records: rig.records });
  return kernels.map(({ stream, release }) => `${stream} ${release}`);
}

const OTHER = 'other 5.14.0-427.x86_64';

const CASES: readonly [what: string, choice: KernelChoice, expected: readonly string[]][] = [
  ['the newest of each stream', {}, ['lab 5.14.0-611.x86_64', OTHER]],
  ['the newest of a stream', { stream: 'other' }, [OTHER]],
  [
    'all that are kept, oldest first',
    { all: true },
    ['lab 5.14.0-427.x86_64', 'lab 5.14.0-611.x86_64', OTHER],
  ],
  [
    'the named one in every stream that has it',
    { kernel: '5.14.0-427.x86_64' },
    ['lab 5.14.0-427.x86_64', OTHER],
  ],
  [
    'the named one of a stream, though it is no longer kept',
    { kernel: '5.14.0-70.x86_64', stream: 'lab' },
    ['lab 5.14.0-70.x86_64'],
  ],
];

for (const [what, choice, expected] of CASES) {
  test(`chooseKernels() chooses ${what}`, async () => {
    assert.deepEqual(await choose(choice), expected);
  });
}

test('chooseKernels() takes no stream that knows no kernel yet for an error beside others', async () => {
  assert.deepEqual(await choose({}, ['empty', 'other']), [OTHER]);
});

const ERRORS: readonly [what: string, choice: KernelChoice, message: RegExp][] = [
  [
    'a kernel that nobody knows',
    { kernel: '6.1' },
    /^Cannot choose kernel "6\.1": expected one of 5\.14\.0-70\.x86_64, .*5\.14\.0-611\.x86_64/,
  ],
  [
    'a stream without kernels',
    { stream: 'empty' },
    /^Cannot choose kernel "empty": no kernel of empty is known yet; "rekmod up" looks for them$/,
  ],
  [
    'a stream that is not configured',
    { stream: 'none' },
    /^Cannot choose kernels of "none": expected a configured stream \(lab, other, empty\), found/,
  ],
];

for (const [what, choice, message] of ERRORS) {
  test(`chooseKernels() refuses ${what}`, async () => {
    await assert.rejects(
      choose(choice),
      (error) => error instanceof NotFoundError && message.test(error.message),
    );
  });
}

test('chooseKernels() chooses the newest of each flavour', async () => {
  await using rig = await makeDataRig();
  await rig.records.writeKernel(kernelOf('5.14.0-427'));
  await rig.records.writeKernel(kernelOf('5.14.0-427.rt', { flavour: 'rt' }));
  await rig.records.writeKernel(kernelOf('5.14.0-611'));
  const context = { settings: settingsOf({ streams: [streamOf()] }), records: rig.records };

  const newest = await chooseKernels({}, ['lab'], context);

  assert.deepEqual(
    newest.map(({ release }) => release),
    ['5.14.0-427.rt.x86_64', '5.14.0-611.x86_64'],
  );
});
