import assert from 'node:assert/strict';
import test from 'node:test';
import { tryGroups } from '../../lab/truth/try-groups.ts';
import type { BootEnd, BootReport } from '../../model/load-test.ts';

const GROUPS = ['a', 'bad', 'c'].map((name) => ({ name }));

/** Boots in which the group `bad` ends the kernel, and what was asked of each boot. */
function bootsWith(end: (place: string) => BootEnd, isBadAlone = true) {
  const asked: (readonly string[])[] = [];
  const boot = async (groups: readonly { readonly name: string }[]): Promise<BootReport> => {
    const names = groups.map(({ name }) => name);
    asked.push(names);
    const isBad = names.includes('bad') && (isBadAlone || names.length > 1);
    return await Promise.resolve({
      end: isBad ? end('bad') : { kind: 'completed' },
      groups: names.map((name) => ({ name, modules: [] })),
    });
  };
  return { asked, boot };
}

function crashIn(group: string): BootEnd {
  return { kind: 'crashed', firstLine: 'BUG: x', log: [], during: { group, step: 'insert' } };
}

test('tryGroups() takes one boot where nothing goes wrong', async () => {
  const { asked, boot } = bootsWith(crashIn);

  const results = await tryGroups([{ name: 'a' }, { name: 'c' }], boot);

  assert.deepEqual(asked, [['a', 'c']]);
  assert.deepEqual(
    results.map(({ load, end }) => [load.name, end]),
    [
      ['a', undefined],
      ['c', undefined],
    ],
  );
});

test('tryGroups() tries a group that ends the kernel again alone, and the others after it', async () => {
  const { asked, boot } = bootsWith(crashIn);

  const results = await tryGroups(GROUPS, boot);

  assert.deepEqual(asked, [['a', 'bad', 'c'], ['bad'], ['c']]);
  assert.deepEqual(
    results.map(({ load, end }) => [load.name, end?.kind]),
    [
      ['a', undefined],
      ['bad', 'crashed'],
      ['c', undefined],
    ],
  );
});

test('tryGroups() believes what a group does alone', async () => {
  const { boot } = bootsWith(crashIn, false);

  const results = await tryGroups(GROUPS, boot);

  assert.ok(results.every(({ end }) => end === undefined));
});

test('tryGroups() blames the last group for a kernel that ends behind it', async () => {
  const { asked, boot } = bootsWith(() => ({
    kind: 'crashed',
    firstLine: 'BUG: x',
    log: [],
    during: { step: 'end' },
  }));

  await tryGroups([{ name: 'a' }, { name: 'bad' }], boot);

  assert.deepEqual(asked, [['a', 'bad'], ['bad']]);
});

test('tryGroups() gives up on a kernel that does not boot', async () => {
  const { boot } = bootsWith(() => ({ kind: 'no-boot', detail: 'nothing came', log: [] }));

  await assert.rejects(tryGroups(GROUPS, boot), /Cannot boot a kernel: .*nothing came/);
});
