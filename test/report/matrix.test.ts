import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusFacts } from '../../report/assemble-status.ts';
import { assembleMatrix, findSharedSuffix, type Matrix } from '../../report/matrix.ts';
import { MAX_MARKDOWN_BYTES, matrixToMarkdown } from '../../report/matrix-markdown.ts';
import { matrixToText } from '../../report/matrix-text.ts';
import {
  failed,
  SYMBOL_LOST,
  sampleKernel,
  sampleKmod,
  sampleRecord,
  sampleStatus,
  sampleStream,
} from './sample-status.ts';

function matrixOf(change: Partial<StatusFacts> = {}, maxKernels?: number): Matrix {
  const matrix = assembleMatrix(sampleStatus(change), 'centos-stream-9', maxKernels);
  assert.ok(matrix);
  return matrix;
}

const STREAM = sampleStream('centos-stream-9', 'CentOS Stream 9 (x86_64)');

test('assembleMatrix() has the newest kernel at the right', () => {
  const matrix = matrixOf({}, 2);

  assert.deepEqual(
    matrix.columns.map(({ release }) => release),
    ['5.14.0-611.el9.x86_64', '5.14.0-615.el9.x86_64'],
  );
  assert.equal(matrix.hiddenKernelCount, 3);
  assert.deepEqual(
    matrix.rows.map(({ kmod, cells }) => [kmod, ...cells.map((cell) => cell?.state)]),
    [
      ['jool', 'kept', 'failed'],
      ['jool-extras', 'unknown', 'blocked'],
      ['ovpn-dco', 'built', 'waiting'],
      ['v4l2loopback', 'kept', 'built'],
      ['zfs', 'built', 'running'],
    ],
  );
});

test('assembleMatrix() finds no stream of another name', () => {
  assert.equal(assembleMatrix(sampleStatus(), 'nope'), undefined);
});

test('findSharedSuffix() begins at a separator before letters', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['5.14.0-611.el9.x86_64', '5.14.0-615.el9.x86_64'], '.el9.x86_64'],
    [['6.1.0-53-amd64', '6.1.0-54-amd64'], '-amd64'],
    [['6.17.8-1-default', '6.17.9-1-default'], '-default'],
    [['6.17.8-1', '6.18.8-1'], ''],
    [['6.1.0-53-amd64'], ''],
    [[], ''],
    [['a', 'a'], ''],
  ];

  for (const [releases, expected] of cases) assert.equal(findSharedSuffix(releases), expected);
});

test('matrixToText() drops the oldest kernels of a narrow terminal and says so', () => {
  const text = matrixToText(matrixOf(), { columns: 50, color: false, ascii: true });

  assert.equal(
    text.split('\n\n').slice(0, 2).join('\n\n'),
    `CentOS Stream 9 (x86_64)  looked at 4 min ago: unchanged
releases end in .el9.x86_64; 3 older kernels not shown

kmod          5.14.0-611   5.14.0-615
jool          = kept       X failed
jool-extras   ? unknown    ! blocked
ovpn-dco      + built      . waiting
v4l2loopback  = kept       + built
zfs           + built      > running`,
  );
});

test('matrixToText() gives the reasons of what failed, and a legend of what is there', () => {
  const text = matrixToText(matrixOf(), { columns: 100, color: false });

  assert.equal(
    text.split('\n\n').slice(2).join('\n\n'),
    `jool for 5.14.0-615.el9.x86_64: failed while building after 12 s:
  /builddir/jool/src/mod/common/xlator.c:42:9: error: implicit declaration of function ‘strlcpy’
  (exit 2); broken: \`strlcpy\` is gone (used by jool), a build is tried but expected to fail
jool-extras for 5.14.0-615.el9.x86_64: blocked: it needs jool, which could not be built

✔ kept: published modules fit as they are
● built: built for this kernel and published
◐ running: being worked on
○ waiting: to be built
✘ failed: could not be built
⊘ blocked: a kmod that it needs failed
– excluded: out of the kmod's kernel range
· unknown: not looked at yet
`,
  );
});

test('matrixToText() keeps its lines within the terminal', () => {
  for (const columns of [60, 80, 120]) {
    const lines = matrixToText(matrixOf(), { columns, color: false }).split('\n');
    assert.ok(lines.every((line) => [...line].length <= columns));
  }
});

test('matrixToText() colours only where asked to', () => {
  assert.ok(!matrixToText(matrixOf(), { columns: 80, color: false }).includes('\u001b'));
  assert.ok(matrixToText(matrixOf(), { columns: 80, color: true }).includes('\u001b[31m✘ failed'));
});

test('matrixToText() says so where there are no kernels or no kmods', () => {
  const style = { columns: 80, color: false };
  const noKernels = matrixOf({ streams: [{ stream: STREAM, kernels: [] }] });
  const noKmods = matrixOf({ kmods: [] });

  assert.equal(
    matrixToText(noKernels, style),
    'CentOS Stream 9 (x86_64)  never looked at\n\nno kernels yet\n',
  );
  assert.match(matrixToText(noKmods, style), /\nno kmods\n/);
});

test('matrixToText() and matrixToMarkdown() let no hostile name through', () => {
  const name = `\u001b]0;x\u0007|<script>[a](javascript:x)\u202e\n${'y'.repeat(10_000)}`;
  const release = '5.14.0-615.el9.x86_64';
  const matrix = matrixOf({
    kmods: [sampleKmod(name, [STREAM.name])],
    records: [sampleRecord([STREAM.name, name, release], SYMBOL_LOST, failed(name))],
    active: [],
  });

  const text = matrixToText(matrix, { columns: 80, color: false });
  const markdown = matrixToMarkdown(matrix);

  for (const one of [text, markdown]) {
    assert.doesNotMatch(one.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.ok(one.length < 4000);
  }
  assert.doesNotMatch(markdown, /<script|\]\(|[^ ]\|[^ \n]/);
});

test('matrixToMarkdown() writes a table and the reasons', () => {
  assert.equal(
    matrixToMarkdown(matrixOf({}, 1)),
    `**CentOS Stream 9 \\(x86\\_64\\)**, newest kernel: 1 built, 1 running, 1 waiting, 1 failed, 1 blocked

4 older kernels not shown.

| kmod | 5.14.0-615.el9.x86\\_64 |
| --- | --- |
| jool | ✘ failed |
| jool-extras | ⊘ blocked |
| ovpn-dco | ○ waiting |
| v4l2loopback | ● built |
| zfs | ◐ running |

- **jool** for 5.14.0-615.el9.x86\\_64: failed while building after 12 s: /builddir/jool/src/mod/common/xlator.c:42:9: error: implicit declaration of function ‘strlcpy’ \\(exit 2\\); broken: \\\`strlcpy\\\` is gone \\(used by jool\\), a build is tried b…
- **jool-extras** for 5.14.0-615.el9.x86\\_64: blocked: it needs jool, which could not be built`,
  );
});

test('matrixToMarkdown() stays below its limit and says what it leaves out', () => {
  const kmods = Array.from({ length: 2000 }, (_, index) =>
    sampleKmod(`kmod-✘✘✘✘-${index}`, [STREAM.name]),
  );
  const kernels = Array.from({ length: 8 }, (_, index) =>
    sampleKernel(`5.14.0-${index}.el9`, 1 + index),
  );

  const text = matrixToMarkdown(matrixOf({ kmods, streams: [{ stream: STREAM, kernels }] }));

  assert.ok(new TextEncoder().encode(text).length <= MAX_MARKDOWN_BYTES);
  assert.match(text, /7 older kernels not shown/);
  assert.match(text, /… and 1,\d{3} more kmods/);
});

/** A stream with two kernels, of which the gate holds one. */
function gatedMatrix(): Matrix {
  const since = '2026-11-23T12:00:00.000Z';
  const reason = 'waits for zfs (build failed)';
  const kernels = [
    {
      ...sampleKernel('5.14.0-1.el9.x86_64', 1),
      gate: { state: 'released', reason: 'the required kmod is there', since, waitsFor: [] },
    },
    {
      ...sampleKernel('5.14.0-2.el9.x86_64', 2),
      gate: { state: 'held', reason, since, waitsFor: [] },
    },
    sampleKernel('5.14.0-3.el9.x86_64', 3),
  ] as const;
  return matrixOf({ streams: [{ stream: STREAM, kernels }] });
}

test('assembleMatrix() knows which kernels the gate holds', () => {
  assert.deepEqual(
    gatedMatrix().columns.map(({ gate }) => gate?.state),
    ['released', 'held', undefined],
  );
});

test('matrixToText() shows what the gate has let through, and why it holds the others', () => {
  const text = matrixToText(gatedMatrix(), { color: false, columns: 100 });

  assert.match(text, /^gate +released +held$/m);
  assert.match(text, /^5\.14\.0-2\.el9\.x86_64 is held: waits for zfs \(build failed\)$/m);
  assert.doesNotMatch(matrixToText(matrixOf(), { color: false, columns: 100 }), /^gate/m);
});
