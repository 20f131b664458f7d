import assert from 'node:assert/strict';
import test from 'node:test';
import { listNamedSymbols, readLoaderAnswer } from '../../lab/truth/loader-answer.ts';
import type { GroupResult } from '../../lab/truth/try-groups.ts';
import type { ModuleLoad } from '../../model/load-test.ts';

const LOADED: ModuleLoad = {
  kind: 'loaded',
  taint: 'OE',
  kernelTaint: '',
  removal: 'done',
  log: [],
};
const NO_DEVICE: ModuleLoad = { ...LOADED, taint: '', accepted: 'ENODEV' };

function refusedOf(errno: string, ...sentences: readonly string[]): ModuleLoad {
  return { kind: 'refused', errno, sentences };
}

function resultOf(loads: Readonly<Record<string, ModuleLoad>>): GroupResult {
  const modules = Object.entries(loads).map(([name, load]) => ({
    name,
    isUnderTest: !name.startsWith('in_tree'),
    load,
  }));
  return { load: { name: 'group', modules } };
}

test('readLoaderAnswer() says that all load, with the taints of ours alone', () => {
  const result = resultOf({
    in_tree_mc: { ...LOADED, taint: 'E' },
    one: LOADED,
    two: { ...LOADED, taint: 'FOE', kernelTaint: 'W' },
  });

  assert.deepEqual(readLoaderAnswer(result, []), {
    kind: 'loads',
    taint: 'EFOW',
    withoutDevice: [],
  });
});

test('readLoaderAnswer() refuses as soon as one module is refused, and names the symbols', () => {
  const refused = refusedOf(
    'EINVAL',
    'two: disagrees about version of symbol b',
    'two: Unknown symbol b (err -22)',
    'two: Unknown symbol a (err -2)',
  );

  const answer = readLoaderAnswer(resultOf({ one: LOADED, two: refused }), []);

  assert.ok(answer.kind === 'refuses');
  assert.deepEqual(
    answer.refusals.map(({ module, symbols }) => [module, symbols]),
    [['two', ['a', 'b']]],
  );
});

const FAMILY = [{ name: 'thinkpad_ec', exports: [{ symbol: 'thinkpad_ec_lock' }] }];

test('readLoaderAnswer() does not count against a build that a provider has no hardware here', () => {
  const user = refusedOf('ENOENT', 'tp_smapi: Unknown symbol thinkpad_ec_lock (err -2)');

  assert.deepEqual(readLoaderAnswer(resultOf({ thinkpad_ec: NO_DEVICE, tp_smapi: user }), FAMILY), {
    kind: 'loads',
    taint: '',
    withoutDevice: ['thinkpad_ec', 'tp_smapi'],
  });
});

test('readLoaderAnswer() counts any other symbol that is missed beside those', () => {
  const user = refusedOf(
    'EINVAL',
    'tp_smapi: Unknown symbol thinkpad_ec_lock (err -2)',
    'tp_smapi: disagrees about version of symbol _printk',
  );

  const answer = readLoaderAnswer(resultOf({ thinkpad_ec: NO_DEVICE, tp_smapi: user }), FAMILY);

  assert.equal(answer.kind, 'refuses');
});

test('readLoaderAnswer() counts a refusal without symbols', () => {
  const refused = refusedOf('ENOEXEC', "one: version magic 'a ' should be 'b '");

  assert.equal(readLoaderAnswer(resultOf({ one: refused }), FAMILY).kind, 'refuses');
});

test('readLoaderAnswer() tells crashes and hangs from refusals', () => {
  const { load } = resultOf({ one: { kind: 'unfinished' } });
  const during = { group: 'group', module: 'one', step: 'insert' } as const;
  const crashed = { kind: 'crashed', firstLine: 'BUG: x', log: [], during } as const;
  const hung = { kind: 'hung', detail: 'no step ended', log: [], during } as const;

  assert.deepEqual(readLoaderAnswer({ load, end: crashed }, []), {
    kind: 'crashes',
    detail: 'BUG: x',
  });
  assert.equal(readLoaderAnswer({ load, end: hung }, []).kind, 'hangs');
});

test('listNamedSymbols() reads all sentences of the loader that name a symbol', () => {
  assert.deepEqual(
    listNamedSymbols([
      'a: disagrees about version of symbol one',
      'a: Unknown symbol two (err -2)',
      'a: no symbol version for three',
      'a: module uses symbol (four) from namespace DMA_BUF, but does not import it.',
      'a: module uses symbol five from namespace DMA_BUF, but does not import it.',
      'a: exports duplicate symbol six (owned by kernel)',
      'a: loading out-of-tree module taints kernel.',
    ]),
    ['five', 'four', 'one', 'six', 'three', 'two'],
  );
});
