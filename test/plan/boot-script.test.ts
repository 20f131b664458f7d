import assert from 'node:assert/strict';
import test from 'node:test';
import { type BootGroup, writeBootScript } from '../../plan/boot-script.ts';

const OPTIONS = { token: 'a1b2c3', settleMs: 300 };

function moduleOf(name: string, isUnderTest = true) {
  return { name, isUnderTest };
}

test('writeBootScript() inserts in order and removes in the reverse order, with a pause after each', () => {
  const group: BootGroup = {
    name: 'jool',
    modules: [
      moduleOf('x_tables', false),
      { ...moduleOf('jool_common'), parameters: 'debug=1 name="a b"' },
      { ...moduleOf('jool'), needs: ['jool_common', 'elsewhere'] },
    ],
  };

  const { text } = writeBootScript([group, { name: 'other', modules: [] }], OPTIONS);

  assert.deepEqual(text.split('\n'), [
    'a1b2c3',
    'g 0',
    'i 0 - x_tables ',
    'i 1 - jool_common debug=1 name="a b"',
    'i 2 1 jool ',
    'w 300',
    'r 2 jool',
    'r 1 jool_common',
    'r 0 x_tables',
    'w 300',
    'g 1',
    'w 300',
    'w 300',
    '',
  ]);
});

test('writeBootScript() leaves the in-tree modules of the last group in the kernel', () => {
  const modules = [moduleOf('videodev', false), moduleOf('v4l2loopback')];

  const { text } = writeBootScript([{ name: 'v4l2loopback', modules }], OPTIONS);

  assert.match(text, /^r 1 v4l2loopback$/m);
  assert.doesNotMatch(text, /^r 0/m);
});

test('writeBootScript() counts the steps through all groups', () => {
  const groups = [
    { name: 'a', modules: [moduleOf('a1'), moduleOf('a2')] },
    { name: 'b', modules: [moduleOf('b1')] },
  ];

  const { steps, text } = writeBootScript(groups, OPTIONS);

  assert.deepEqual(steps, [
    { group: 0, module: 0 },
    { group: 0, module: 1 },
    { group: 1, module: 0 },
  ]);
  assert.match(text, /^i 2 - b1 $/m);
});

test('writeBootScript() lets a module need only what comes before it in its own group', () => {
  const groups = [
    { name: 'a', modules: [moduleOf('shared')] },
    { name: 'b', modules: [{ ...moduleOf('x'), needs: ['shared', 'y', 'x'] }, moduleOf('y')] },
  ];

  assert.match(writeBootScript(groups, OPTIONS).text, /^i 1 - x $/m);
});

const HOSTILE: readonly [what: string, module: BootGroup['modules'][number]][] = [
  ['a name with a line break', moduleOf('a\nr 0 b')],
  ['a name with a space', moduleOf('a b')],
  ['a name with a path', moduleOf('../x')],
  ['an empty name', moduleOf('')],
  ['parameters with a line break', { ...moduleOf('a'), parameters: 'x=1\ng 7' }],
  ['parameters with a NUL', { ...moduleOf('a'), parameters: 'x=1\0' }],
  ['parameters without end', { ...moduleOf('a'), parameters: 'x'.repeat(2000) }],
];
for (const [what, module] of HOSTILE) {
  test(`writeBootScript() refuses ${what}`, () => {
    assert.throws(
      () => writeBootScript([{ name: 'g', modules: [module] }], OPTIONS),
      /^LoadTestError: Cannot test modules: expected (?:a module name|parameters) like /,
    );
  });
}

test('writeBootScript() refuses more modules than the guest has room for', () => {
  const modules = Array.from({ length: 4097 }, (_, at) => moduleOf(`m${at}`));

  assert.throws(
    () => writeBootScript([{ name: 'g', modules }], OPTIONS),
    /expected at most 4096 in a boot, found 4097$/,
  );
});
