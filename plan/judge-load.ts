import type { BootReport, LoadTestReport, ModuleLoad } from '../model/load-test.ts';

/** A boot, and what is known of it besides. */
export interface LoadFacts {
  readonly boot: BootReport;
  /** The kernel that the modules were built for. */
  readonly release: string;
  readonly accelerator: 'tcg' | 'kvm';
  readonly durationMs: number;
}

type TestedModule = Extract<LoadTestReport, { readonly kind: 'tested' }>['modules'][number];

/** A report travels with the cell: the first modules that are bad or warned are told in full, others in a line. */
const FULL_MODULES = 5;
const FULL_LINES = 8;
const CRASH_LINES = 24;
const LINE_LENGTH = 200;
const MODULES = 60;
const HELPERS = 60;

/**
 * Judges a boot: good is that all modules under test loaded and that the kernel lived to its own end.
 *
 * A module that was not tried because the one that it needs found no device is as good as that one.
 */
export function judgeLoad({ boot, release, accelerator, durationMs }: LoadFacts): LoadTestReport {
  const { end } = boot;
  if (end.kind === 'no-boot') {
    const last = end.log.at(-1);
    const said = last === undefined ? '' : `, its last words: ${last.slice(0, LINE_LENGTH)}`;
    return { kind: 'not-tested', why: `the kernel did not boot in QEMU: ${end.detail}${said}` };
  }
  if (boot.release !== release) {
    const why = `expected kernel ${release} to boot, found ${boot.release ?? 'another'}`;
    return { kind: 'not-tested', why };
  }
  const all = boot.groups.flatMap((group) => group.modules);
  const tested = all.filter(({ isUnderTest }) => isUnderTest);
  const helpers = all.filter(({ isUnderTest }) => !isUnderTest);
  const refusedHelpers = helpers.flatMap(({ name, load }) =>
    load.kind === 'refused' ? [`${name} (${load.errno})`] : [],
  );
  const loads = new Map(all.map(({ name, load }) => [name, load]));
  const isGood = (module: TestedModule): boolean => isGoodLoad(module.load, loads);
  const shown = [
    ...tested.filter((module) => !isGood(module)),
    ...tested.filter((module) => isGood(module)),
  ].slice(0, MODULES);
  return {
    kind: 'tested',
    isGood: end.kind === 'completed' && tested.length > 0 && tested.every(isGood),
    release,
    accelerator,
    durationMs,
    end: end.kind === 'completed' ? end : { ...end, log: shorten(end.log, CRASH_LINES) },
    modules: shortenLoads(tested.length > MODULES ? shown : tested),
    moduleCount: tested.length,
    helpers: helpers.slice(0, HELPERS).map(({ name }) => name),
    refusedHelpers: refusedHelpers.slice(0, HELPERS),
  };
}

function isGoodLoad(load: ModuleLoad, loads: ReadonlyMap<string, ModuleLoad>): boolean {
  // Follows a chain of needs; modules were inserted in order, so it has no circle.
  let current: ModuleLoad | undefined = load;
  for (let steps = 0; steps <= loads.size && current !== undefined; steps += 1) {
    // Without vermagic or CRCs a kernel loads by force, if at all.
    if (current.kind === 'loaded')
      return !current.taint.includes('F') && (current === load || current.accepted !== undefined);
    if (current.kind !== 'not-tried' || current.needs === undefined) return false;
    current = loads.get(current.needs);
  }
  return false;
}

function shortenLoads(modules: readonly TestedModule[]): readonly TestedModule[] {
  let fullCount = 0;
  return modules.map(({ name, load }) => {
    if (load.kind !== 'loaded' && load.kind !== 'refused') return { name, load };
    const isTelling = load.kind === 'refused' || load.kernelTaint.includes('W');
    if (isTelling) fullCount += 1;
    const limit = isTelling && fullCount <= FULL_MODULES ? FULL_LINES : 1;
    return load.kind === 'loaded'
      ? { name, load: { ...load, log: shorten(load.log, limit) } }
      : { name, load: { ...load, sentences: shorten(load.sentences, limit) } };
  });
}

function shorten(lines: readonly string[], limit: number): readonly string[] {
  return lines.slice(0, limit).map((line) => line.slice(0, LINE_LENGTH));
}
