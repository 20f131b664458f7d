import assert from 'node:assert/strict';
import test from 'node:test';
import type { BootReport } from '../../model/load-test.ts';
import { type BootGroup, writeBootScript } from '../../plan/boot-script.ts';
import { type MachineEnd, readBootReport } from '../../plan/read-boot-report.ts';

const TOKEN = 'f00dcafe';
const PASS: MachineEnd = { kind: 'exit', status: 33 };
const REBOOT: MachineEnd = { kind: 'exit', status: 0 };
const GROUPS: readonly BootGroup[] = [
  {
    name: 'jool',
    modules: [
      { name: 'x_tables', isUnderTest: false },
      { name: 'jool_common', isUnderTest: true },
      { name: 'jool', isUnderTest: true, needs: ['jool_common'] },
    ],
  },
  { name: 'dahdi', modules: [{ name: 'dahdi', isUnderTest: true }] },
];

/** A console: what begins with `#` is the guest's record, the rest the kernel's log. */
function read(
  lines: readonly string[],
  machineEnd: MachineEnd = PASS,
  { acceptNoDevice = false, groups = GROUPS } = {},
): BootReport {
  const console = ['SeaBIOS', '#begin 6.1.0-55-amd64', ...lines].map((line, at) => {
    const text = line.startsWith('#') ? `rekmod-${TOKEN} ${line.slice(1)}` : line;
    return `[${`${at}.123456`.padStart(12)}] ${text}\r\n`;
  });
  return readBootReport({
    groups,
    script: writeBootScript(groups, { token: TOKEN, settleMs: 300 }),
    token: TOKEN,
    consoleText: console.join(''),
    machineEnd,
    acceptNoDevice,
  });
}

const JOOL_LOADED = [
  ...['#group 0', '#try 0', '#in 0 0 0 -'],
  ...['#try 1', 'jool_common: loading out-of-tree module taints kernel.', '#in 1 0 12288 OE'],
  ...['#try 2', 'Jool v4.1.9.0 module inserted.', '#in 2 0 12288 OE'],
  ...['#del 2', '#out 2 0 12288 -', '#del 1', '#out 1 0 12288 -', '#del 0', '#out 0 0 12288 -'],
];
const DAHDI_LOADED = ['#group 1', '#try 3', '#in 3 0 12288 OE', '#del 3', '#out 3 0 12288 -'];

function loadOf(report: BootReport, name: string) {
  const load = report.groups.flatMap(({ modules }) => modules).find((it) => it.name === name)?.load;
  if (load === undefined) throw new Error(`BUG: no module ${name}`);
  return load;
}

test('readBootReport() tells a boot in which everything loaded', () => {
  const report = read([...JOOL_LOADED, ...DAHDI_LOADED, '#end exit']);

  assert.deepEqual(report.end, { kind: 'completed' });
  assert.equal(report.release, '6.1.0-55-amd64');
  assert.deepEqual(loadOf(report, 'jool'), {
    kind: 'loaded',
    taint: 'OE',
    kernelTaint: '',
    removal: 'done',
    log: ['Jool v4.1.9.0 module inserted.'],
  });
  assert.deepEqual(loadOf(report, 'jool_common'), {
    ...loadOf(report, 'jool'),
    kernelTaint: 'OE',
    log: [],
  });
});

test('readBootReport() gives the sentences of a refusal, and goes on', () => {
  const report = read([
    ...['#group 0', '#try 0', '#in 0 0 0 -', '#try 1'],
    ...['jool_common: Unknown symbol strlcpy (err -2)', '#in 1 2 0 -', '#skip 2 1'],
    ...DAHDI_LOADED,
    '#end exit',
  ]);

  assert.deepEqual(report.end, { kind: 'completed' });
  assert.deepEqual(loadOf(report, 'jool_common'), {
    kind: 'refused',
    errno: 'ENOENT',
    sentences: ['jool_common: Unknown symbol strlcpy (err -2)'],
  });
  assert.deepEqual(loadOf(report, 'jool'), {
    kind: 'not-tried',
    why: 'it needs jool_common, which is not loaded',
    needs: 'jool_common',
  });
  assert.equal(loadOf(report, 'dahdi').kind, 'loaded');
});

test('readBootReport() counts ENODEV as loaded only when asked', () => {
  const lines = ['#group 1', '#try 3', 'dahdi: no card', '#in 3 19 12288 -', '#end exit'];

  assert.deepEqual(loadOf(read(lines), 'dahdi'), {
    kind: 'refused',
    errno: 'ENODEV',
    sentences: ['dahdi: no card'],
  });
  assert.deepEqual(loadOf(read(lines, PASS, { acceptNoDevice: true }), 'dahdi'), {
    kind: 'loaded',
    accepted: 'ENODEV',
    taint: '',
    kernelTaint: 'OE',
    removal: 'not-tried',
    log: ['dahdi: no card'],
  });
});

test('readBootReport() takes EEXIST well of an in-tree module, not of one under test', () => {
  const report = read(['#try 0', '#in 0 17 0 -', '#try 3', '#in 3 17 0 -', '#end exit']);

  assert.equal(loadOf(report, 'x_tables').kind, 'loaded');
  assert.deepEqual(loadOf(report, 'dahdi'), { kind: 'refused', errno: 'EEXIST', sentences: [] });
});

test('readBootReport() tells a removal that was refused and a warning meanwhile', () => {
  const report = read(['#try 3', '#in 3 0 0 OE', '#del 3', '#out 3 16 512 OE', '#end exit']);

  const load = loadOf(report, 'dahdi');
  assert.ok(load.kind === 'loaded');
  assert.deepEqual([load.removal, load.kernelTaint], ['refused', 'W']);
});

test('readBootReport() names the module that crashed the kernel, and the first line', () => {
  const oops = 'BUG: kernel NULL pointer dereference, address: 0000000000000000';
  const panic = 'Kernel panic - not syncing: Fatal exception';
  const report = read(
    [...JOOL_LOADED, '#group 1', '#try 3', 'dahdi: here', oops, 'Oops: 0002 [#1]', panic],
    REBOOT,
  );

  assert.deepEqual(report.end, {
    kind: 'crashed',
    firstLine: oops,
    log: [oops, 'Oops: 0002 [#1]', panic],
    during: { group: 'dahdi', module: 'dahdi', step: 'insert' },
  });
  assert.deepEqual(loadOf(report, 'dahdi'), { kind: 'unfinished' });
  assert.equal(loadOf(report, 'jool').kind, 'loaded');
});

test('readBootReport() says not-tried of what came after a crash', () => {
  const panic = 'Kernel panic - not syncing: as asked';
  const report = read(['#group 0', '#try 0', '#in 0 0 0 -', '#try 1', panic], REBOOT);

  assert.deepEqual(loadOf(report, 'jool'), {
    kind: 'not-tried',
    why: 'the kernel crashed before',
  });
  assert.deepEqual(loadOf(report, 'dahdi'), loadOf(report, 'jool'));
});

test('readBootReport() puts a crash between two steps into a pause of the group', () => {
  const report = read(
    ['#group 1', '#try 3', '#in 3 0 0 OE', '#del 3', '#out 3 0 0 -', 'Oops: general protection'],
    REBOOT,
  );

  assert.ok(report.end.kind === 'crashed');
  assert.deepEqual(report.end.during, { group: 'dahdi', step: 'wait' });
  assert.equal(loadOf(report, 'dahdi').kind, 'loaded');
});

test('readBootReport() calls it hung when QEMU was killed, and where the watchdog found a lockup', () => {
  const killed: MachineEnd = { kind: 'killed', detail: 'no step ended within 60 s' };
  const lockup = 'watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [init:1]';
  const panic = 'Kernel panic - not syncing: softlockup: hung tasks';

  const silent = read(['#group 1', '#try 3'], killed);
  const watched = read(['#group 1', '#try 3', lockup, panic], REBOOT);

  assert.deepEqual(silent.end, {
    kind: 'hung',
    detail: 'no step ended within 60 s',
    log: [],
    during: { group: 'dahdi', module: 'dahdi', step: 'insert' },
  });
  assert.ok(watched.end.kind === 'hung');
  assert.equal(watched.end.detail, lockup);
});

test('readBootReport() believes neither witness alone: exit code without an end record', () => {
  const report = read(['#group 1', '#try 3']);

  assert.ok(report.end.kind === 'crashed');
  assert.equal(
    report.end.firstLine,
    "the machine ended by itself without a last word (QEMU's exit code 33)",
  );
});

test('readBootReport() believes neither witness alone: an end record with the status of a panic', () => {
  const report = read([...DAHDI_LOADED, '#end exit', 'Kernel panic - not syncing: x'], REBOOT);

  assert.ok(report.end.kind === 'crashed');
  assert.deepEqual(report.end.during, { step: 'end' });
});

test('readBootReport() accepts power-off where the guest said that it has no other way', () => {
  assert.deepEqual(read([...DAHDI_LOADED, '#end off'], REBOOT).end, { kind: 'completed' });
});

test('readBootReport() takes records with another token, or none, for what a module wrote', () => {
  const report = read([
    ...['#group 1', '#try 3', 'rekmod-0badc0de in 3 0 0 OE', 'in 3 0 0 OE', 'rekmod- in 3 0 0 OE'],
    ...[`x rekmod-${TOKEN} in 3 0 0 OE`, '#in 3 22 0 -', '#end exit'],
  ]);

  const load = loadOf(report, 'dahdi');
  assert.ok(load.kind === 'refused');
  assert.deepEqual([load.errno, load.sentences.length], ['EINVAL', 4]);
});

test('readBootReport() passes over records that are no records', () => {
  const report = read([
    ...['#in', '#in x 0 0 -', '#in 99999 0 0 -', '#in 4000 0 0 OE', '#try', '#end', '#group 77'],
    ...DAHDI_LOADED,
    '#end exit',
  ]);

  assert.deepEqual(report.end, { kind: 'completed' });
  assert.equal(loadOf(report, 'dahdi').kind, 'loaded');
});

test('readBootReport() says that the kernel did not boot, and shows what it said', () => {
  const report = readBootReport({
    groups: GROUPS,
    script: writeBootScript(GROUPS, { token: TOKEN, settleMs: 0 }),
    token: TOKEN,
    consoleText:
      '[    0.000000] Linux version 6.1\n[    1.000000] Kernel panic - not syncing: VFS\n',
    machineEnd: REBOOT,
    acceptNoDevice: false,
  });

  assert.equal(report.release, undefined);
  assert.deepEqual(report.end, {
    kind: 'no-boot',
    detail: "the machine ended by itself without a last word (QEMU's exit code 0)",
    log: ['Linux version 6.1', 'Kernel panic - not syncing: VFS'],
  });
  assert.deepEqual(loadOf(report, 'dahdi'), { kind: 'not-tried', why: 'the kernel did not boot' });
});

test('readBootReport() shows only printable text, and not more than a person reads', () => {
  const flood = Array.from({ length: 500 }, (_, at) => `line ${at} \u001b[31m\u202e\u0007`);
  const report = read(['#try 3', ...flood, 'x'.repeat(5000), '#in 3 22 0 -', '#end exit']);

  const load = loadOf(report, 'dahdi');
  assert.ok(load.kind === 'refused');
  assert.equal(load.sentences.length, 40);
  assert.equal(load.sentences[0], 'line 0 [31m');
});

test('readBootReport() reads consoles that also name the task', () => {
  const report = readBootReport({
    groups: [],
    script: writeBootScript([], { token: TOKEN, settleMs: 0 }),
    token: TOKEN,
    consoleText: `[    1.000000][    T1] rekmod-${TOKEN} begin 6.12.0\n[    1.000000][    T1] rekmod-${TOKEN} end exit\n`,
    machineEnd: PASS,
    acceptNoDevice: false,
  });

  assert.deepEqual(report, { end: { kind: 'completed' }, release: '6.12.0', groups: [] });
});
