import assert from 'node:assert/strict';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import {
  findDefinitions,
  isOverridable,
  type MacroDefinition,
  rewriteDefinitions,
} from '../../rpm/macro-definitions.ts';

const PLAIN = { isOverridable: false, isPlain: true };

const DEFINITIONS: readonly [what: string, spec: string, found: readonly MacroDefinition[]][] = [
  ['a define', 'a\n%define kver 5.14', [{ line: 2, value: '5.14', ...PLAIN }]],
  ['a global with tabs', '%global\tkver\t\t5.14  ', [{ line: 1, value: '5.14', ...PLAIN }]],
  ['an indented one', '%if 1\n  %define kver 1\n%endif', [{ line: 2, value: '1', ...PLAIN }]],
  ['one in a comment', '# %define kver 1', [{ line: 1, value: '1', ...PLAIN }]],
  [
    'one of several words',
    '%define kver %(uname -r)',
    [{ line: 1, value: '%(uname -r)', ...PLAIN }],
  ],
  [
    'one of several lines',
    '%define other \\\n %define kver 9\n%define kver a\\\nb\nx',
    [
      // rpm joins these: what they define, they define when %other is expanded.
      { line: 2, value: '9', isOverridable: false, isPlain: false },
      { line: 3, value: 'a\\\nb', ...PLAIN },
    ],
  ],
  [
    'one that yields',
    '%{!?kver: %define kver 1}\n%{?!kver:%global kver 2}',
    [
      { line: 1, value: '1', isOverridable: true, isPlain: false },
      { line: 2, value: '2', isOverridable: true, isPlain: false },
    ],
  ],
  [
    'one under the condition of another macro',
    '%{?dist:%define kver 1}',
    [{ line: 1, value: '1', isOverridable: false, isPlain: false }],
  ],
  ['none that is escaped', '%%define kver 1\n# %%{!?kver: %%define kver 1}', []],
  ['none of a longer name', '%define kversion 1\n%define my_kver 1', []],
  ['none without a value', '%define kver', []],
];
for (const [what, spec, found] of DEFINITIONS) {
  test(`findDefinitions() finds ${what}`, () => {
    assert.deepEqual(findDefinitions(spec, 'kver'), found);
  });
}

test('findDefinitions() comes to an end with a hostile spec', () => {
  const spec = `${'%{!?kver: '.repeat(100_000)}\n${'%define '.repeat(100_000)}\n${'%define kver'.repeat(100_000)}`;

  assert.deepEqual(findDefinitions(spec, 'kver'), []);
});

test('isOverridable() sees no comments and no change log', () => {
  assert.ok(isOverridable('%{!?kver: %define kver 1}', 'kver'));
  assert.ok(!isOverridable('# %{!?kver: %define kver 1}', 'kver'));
  assert.ok(!isOverridable('%changelog\n- %{!?kver: x}', 'kver'));
  assert.ok(!isOverridable('%{!?kversion: %define kversion 1}', 'kver'));
});

const REWRITTEN: readonly [before: string, after: string][] = [
  ['%define kver\t 5.13 \nb', '%define kver\t 5.14\nb'],
  [
    '%if 1\n %global kver 1\n%else\n %global kver 2\n%endif',
    '%if 1\n %global kver 5.14\n%else\n %global kver 5.14\n%endif',
  ],
  ['#%define kver 5.13', '#%define kver 5.14'],
  ['%define kver 5.13\r\nb', '%define kver 5.14\r\nb'],
  ['%define kver a\\\nb\nc', '%define kver 5.14\n\nc'],
  ['%define kver %{lua:\nx}\nc', '%define kver 5.14\n\nc'],
  ['%{!?kver: %define kver 1}\n%define kver 2', '%{!?kver: %define kver 1}\n%define kver 5.14'],
];
for (const [before, after] of REWRITTEN) {
  test(`rewriteDefinitions() rewrites ${JSON.stringify(before)}`, () => {
    assert.equal(rewriteDefinitions(before, 'kver', '5.14'), after);
  });
}

test('rewriteDefinitions() refuses a spec that does not define the macro', () => {
  assert.throws(() => rewriteDefinitions('Name: x', 'kver', '1'), SpecParseError);
  assert.throws(() => rewriteDefinitions('%{!?kver: %define kver 1}', 'kver', '1'), SpecParseError);
});
