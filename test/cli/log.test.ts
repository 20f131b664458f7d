import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLog } from '../../cli/choose-log.ts';
import { openLog } from '../../cli/log.ts';
import { LogWordError } from '../../model/command-errors.ts';
import type { LogSettings } from '../../model/settings.ts';
import { toLogFields } from '../../report/log-fields.ts';

const AT = '2026-11-23T12:00:00.000Z';
const META = {
  workflowId: 'rebuild/jool/el9/5.14.0-611.el9.x86_64',
  workflowRunId: 'run-1',
  activityType: 'buildPackages',
  attempt: 2,
  taskQueue: 'build-x86_64',
  taskToken: 'secret-ish',
};

function record(settings: LogSettings) {
  const lines: string[] = [];
  const log = openLog(settings, { write: (line) => lines.push(line), now: () => new Date(AT) });
  return { log, lines };
}

test('openLog() writes a JSON object a line with what the SDK knows of workflow and activity', () => {
  const { log, lines } = record({ format: 'json', level: 'info' });

  log.write(
    'warn',
    'Activity failed\nbadly',
    toLogFields({ ...META, error: new Error('no room') }),
  );

  assert.equal(lines.length, 1);
  assert.ok(!(lines[0] ?? '').includes('\n'));
  const { error, ...line } = JSON.parse(lines[0] ?? '');
  assert.match(error, /no room/);
  assert.deepEqual(line, {
    ...{ at: AT, level: 'warn', message: 'Activity failed\nbadly' },
    ...{ workflowId: META.workflowId, kmod: 'jool', stream: 'el9' },
    ...{ kernel: '5.14.0-611.el9.x86_64', runId: 'run-1', activity: 'buildPackages' },
    ...{ attempt: 2, taskQueue: 'build-x86_64' },
  });
});

test('openLog() writes lines for people with what they are about', () => {
  const { log, lines } = record({ format: 'text', level: 'info' });

  log.say('Removed 2 builds');
  log.write('warn', 'Activity failed', toLogFields(META));

  assert.deepEqual(lines, [
    'Removed 2 builds',
    'warn Activity failed (jool 5.14.0-611.el9.x86_64, buildPackages, attempt 2)',
  ]);
});

test('openLog() leaves out what is less grave than its level', () => {
  const { log, lines } = record({ format: 'text', level: 'warn' });

  log.say('said');
  log.write('debug', 'told', {});
  log.warn('Cannot do it');
  log.write('error', 'over', {});

  assert.deepEqual(lines, ['warn Cannot do it', 'error over']);
});

test('toLogFields() reads what each kind of workflow is about from its id, and nothing from ids of others', () => {
  const cases: readonly (readonly [id: string, fields: object])[] = [
    ['kernel/el9/6.1', { stream: 'el9', kernel: '6.1' }],
    ['publish/kmods', { repository: 'kmods' }],
    ['stream/el9-2026-11-23T12:00:00Z', { stream: 'el9-2026-11-23T12:00:00Z' }],
    ['gate/el9', { stream: 'el9' }],
    ['upkeep', {}],
    ['of/somebody/else', {}],
  ];
  for (const [workflowId, fields] of cases)
    assert.deepEqual(toLogFields({ workflowId }), { workflowId, ...fields });
});

test('chooseLog() lets REKMOD_LOG stand above the configuration, word by word', () => {
  const configured: LogSettings = { format: 'text', level: 'warn' };

  assert.deepEqual(chooseLog(configured, undefined), configured);
  assert.deepEqual(chooseLog(configured, 'json'), { format: 'json', level: 'warn' });
  assert.deepEqual(chooseLog(configured, 'debug, json'), { format: 'json', level: 'debug' });
  assert.throws(() => chooseLog(configured, 'json,loud'), LogWordError);
});
