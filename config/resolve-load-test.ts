import type { LoadTestSettings } from '../model/kmod.ts';
import type { KmodEntry } from './schema-kmod.ts';
import { report, type Scope } from './scope.ts';
import { parseDurationMs, parseSizeBytes } from './units.ts';

const MIB = 1024 ** 2;
/** Below this a kernel does not even boot. */
const MEMORY_MIN_MIB = 128;
const MEMORY_MAX_MIB = 64 * 1024;
const TIMEOUT_MIN_MS = 1000;
const TIMEOUT_MAX_MS = 60 * 60_000;

/** Resolves `loadTest:` of a kmod; undefined when it is off. Problems go to the scope. */
export function resolveLoadTest(
  scope: Scope,
  kmod: string,
  { loadTest: section }: KmodEntry,
): LoadTestSettings | undefined {
  if (section === null || section.mode === 'off') return undefined;
  const timeoutMs = parseDurationMs(section.timeout);
  const memoryMiB = Math.ceil(parseSizeBytes(section.memory) / MIB);
  const path = ['kmods', kmod, 'loadTest'];
  if (timeoutMs < TIMEOUT_MIN_MS || timeoutMs > TIMEOUT_MAX_MS) {
    const sentence = `wrong "kmods.${kmod}.loadTest.timeout": expected 1s to 1h, found ${section.timeout}`;
    report(scope, [...path, 'timeout'], sentence);
  }
  if (memoryMiB < MEMORY_MIN_MIB || memoryMiB > MEMORY_MAX_MIB) {
    const sentence = `wrong "kmods.${kmod}.loadTest.memory": expected 128MiB to 64GiB, found ${section.memory}`;
    report(scope, [...path, 'memory'], sentence);
  }
  return {
    mode: section.mode,
    ...(section.modules ? { modules: section.modules.map(toUnderscores) } : {}),
    parameters: Object.fromEntries(
      Object.entries(section.parameters).map(([name, text]) => [toUnderscores(name), text]),
    ),
    alsoInsert: section.alsoInsert.map(toUnderscores),
    acceptNoDevice: section.acceptNoDevice,
    timeoutMs,
    memoryMiB,
  };
}

/** As the kernel calls it. */
function toUnderscores(module: string): string {
  return module.replaceAll('-', '_');
}
