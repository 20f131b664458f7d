import type { ModuleLoad } from '../model/load-test.ts';
import type { BootMoment, BootRecord } from './boot-records.ts';
import type { BootGroup, BootModule, BootScript } from './boot-script.ts';
import { nameErrno } from './errno-names.ts';
import { cutLog, nameTaints } from './kernel-log.ts';

type ResultRecord = Extract<BootRecord, { readonly word: 'in' | 'out' }>;

/** What the records are about. */
export interface TriedModules {
  readonly groups: readonly BootGroup[];
  readonly script: BootScript;
  readonly acceptNoDevice: boolean;
}

const ENODEV = 19;
const EEXIST = 17;
const SHOWN_LINES = 40;

/** Reads what became of each module, by the number of its step; those without a word are not in it. */
export function readModuleLoads(
  tried: TriedModules,
  moments: readonly BootMoment[],
): ReadonlyMap<number, ModuleLoad> {
  const loads = new Map<number, ModuleLoad>();
  let taintBefore = 0;
  let log: readonly string[] = [];
  for (const moment of moments) {
    const { record } = moment;
    if (record?.word === 'try') loads.set(record.step, { kind: 'unfinished' });
    if (record?.word === 'skip') loads.set(record.step, describeSkip(tried, record.missing));
    if (record?.word === 'in' || record?.word === 'out') {
      const gained = nameTaints(record.kernelTaint & ~taintBefore);
      const known = loads.get(record.step);
      const load =
        record.word === 'in'
          ? readInsertion(tried, record, { gained, log })
          : known?.kind === 'loaded' && readRemoval(known, record, gained);
      if (load) loads.set(record.step, load);
      taintBefore = record.kernelTaint;
    }
    log = moment.log;
  }
  return loads;
}

function readInsertion(
  tried: TriedModules,
  { step, errno, moduleTaint }: ResultRecord,
  meanwhile: { readonly gained: string; readonly log: readonly string[] },
): ModuleLoad {
  const log = cutLog(meanwhile.log, SHOWN_LINES);
  const isAccepted = errno === ENODEV && tried.acceptNoDevice;
  // An in-tree module that another group has left in the kernel serves this one as well.
  const isThere = errno === EEXIST && findModule(tried, step)?.isUnderTest === false;
  if (errno !== 0 && !isAccepted && !isThere) {
    return { kind: 'refused', errno: nameErrno(errno), sentences: log };
  }
  return {
    kind: 'loaded',
    ...(isAccepted ? { accepted: 'ENODEV' as const } : {}),
    taint: moduleTaint,
    kernelTaint: meanwhile.gained,
    removal: 'not-tried',
    log,
  };
}

function readRemoval(
  load: Extract<ModuleLoad, { readonly kind: 'loaded' }>,
  { errno }: ResultRecord,
  gained: string,
): ModuleLoad {
  return {
    ...load,
    kernelTaint: load.kernelTaint + gained,
    removal: errno === 0 ? 'done' : 'refused',
  };
}

function describeSkip(tried: TriedModules, missing: number): ModuleLoad {
  const name = findModule(tried, missing)?.name ?? 'another module';
  return { kind: 'not-tried', why: `it needs ${name}, which is not loaded`, needs: name };
}

function findModule({ groups, script }: TriedModules, number: number): BootModule | undefined {
  const step = script.steps[number];
  return step && groups[step.group]?.modules[step.module];
}
