import type { BootEnd, BootPlace, BootReport, ModuleLoad } from '../model/load-test.ts';
import { type BootMoment, readBootRecords } from './boot-records.ts';
import type { BootGroup, BootScript } from './boot-script.ts';
import { cutLog, findCrash } from './kernel-log.ts';
import { readModuleLoads } from './read-module-loads.ts';

/** How QEMU ended. */
export type MachineEnd =
  | { readonly kind: 'exit'; readonly status: number }
  /** It was killed: no step ended in time, or the console was flooded. */
  | { readonly kind: 'killed'; readonly detail: string };

/** What was asked of the guest, and what came back. */
export interface BootOutput {
  readonly groups: readonly BootGroup[];
  readonly script: BootScript;
  readonly token: string;
  /** Everything that came over the console. Hostile: a module may write what it likes. */
  readonly consoleText: string;
  readonly machineEnd: MachineEnd;
  /** Whether an init that answers `-ENODEV` counts as loaded. */
  readonly acceptNoDevice: boolean;
}

/** `isa-debug-exit` makes 2 · 16 + 1 of the 16 that the guest writes. */
const DEBUG_EXIT_STATUS = 33;
const SHOWN_LINES = 60;

/**
 * Reads what a boot told on its console.
 *
 * A record counts only with the run's token. That all went well takes two witnesses, the guest's last record
 * and QEMU's exit status: status 0 alone is also a panic that made the machine start again.
 *
 * @see activities/load-test/guest-init.c, which writes the records
 */
export function readBootReport(output: BootOutput): BootReport {
  const moments = readBootRecords(output.consoleText, output.token);
  const begin = moments.find(({ record }) => record?.word === 'begin')?.record;
  const end = findEnd(output, moments);
  const loads = readModuleLoads(output, moments);
  let step = 0;
  return {
    end,
    ...(begin?.word === 'begin' ? { release: begin.release } : {}),
    groups: output.groups.map(({ name, modules }) => ({
      name,
      modules: modules.map((module) => ({
        name: module.name,
        isUnderTest: module.isUnderTest,
        load: loads.get(step++) ?? describeUntried(end),
      })),
    })),
  };
}

function findEnd(output: BootOutput, moments: readonly BootMoment[]): BootEnd {
  const { machineEnd } = output;
  const last = moments[moments.length - 1];
  if (last?.record === undefined) {
    const log = last?.log.slice(-SHOWN_LINES) ?? [];
    return { kind: 'no-boot', detail: describeMachineEnd(machineEnd), log };
  }
  if (isCleanEnd(machineEnd, last)) return { kind: 'completed' };
  const during = findPlace(output, moments);
  const crash = findCrash(last.log);
  if (crash?.isLockup) return { kind: 'hung', detail: crash.firstLine, log: crash.log, during };
  const log = crash?.log ?? cutLog(last.log.slice(-SHOWN_LINES), SHOWN_LINES);
  if (machineEnd.kind === 'killed' && crash === undefined) {
    return { kind: 'hung', detail: machineEnd.detail, log, during };
  }
  const firstLine = crash?.firstLine ?? describeMachineEnd(machineEnd);
  return { kind: 'crashed', firstLine, log, during };
}

function isCleanEnd(end: MachineEnd, { record }: BootMoment): boolean {
  if (end.kind !== 'exit' || record?.word !== 'end') return false;
  return end.status === (record.by === 'exit' ? DEBUG_EXIT_STATUS : 0);
}

function describeMachineEnd(end: MachineEnd): string {
  if (end.kind === 'killed') return end.detail;
  return `the machine ended by itself without a last word (QEMU's exit code ${end.status})`;
}

function findPlace({ groups, script }: BootOutput, moments: readonly BootMoment[]): BootPlace {
  const record = moments[moments.length - 1]?.record;
  if (record === undefined || record.word === 'begin') return { step: 'boot' };
  if (record.word === 'end') return { step: 'end' };
  const begun = moments.findLast((moment) => moment.record?.word === 'group')?.record;
  const group = begun?.word === 'group' ? groups[begun.group] : undefined;
  const place = group === undefined ? {} : { group: group.name };
  if (record.word !== 'try' && record.word !== 'del') return { ...place, step: 'wait' };
  const step = script.steps[record.step];
  const module = step === undefined ? undefined : groups[step.group]?.modules[step.module];
  return {
    ...place,
    ...(module === undefined ? {} : { module: module.name }),
    step: record.word === 'try' ? 'insert' : 'remove',
  };
}

function describeUntried(end: BootEnd): ModuleLoad {
  const whys: Record<BootEnd['kind'], string> = {
    completed: 'the guest did not mention it',
    crashed: 'the kernel crashed before',
    hung: 'the kernel hung before',
    'no-boot': 'the kernel did not boot',
  };
  return { kind: 'not-tried', why: whys[end.kind] };
}
