import { join } from 'node:path';
import type { CellKey } from '../model/cell.ts';
import type { KernelKey } from '../model/kernel.ts';

/** Where everything lies in one data directory (`REKMOD_HOME`). */
export interface DataDirectory {
  readonly root: string;
  /** Content-addressed files: kernel-devel RPMs, Module.symvers, built RPMs, module facts. */
  readonly store: string;
  readonly scratch: string;
  readonly repositories: string;
  readonly status: string;
  readonly logs: string;
  readonly keys: string;
  /** What the signer writes: signed packages, the log of signatures, the public halves of its keys. */
  readonly signing: string;
  /** A content store below it: what was signed, until the control side takes it over. */
  readonly signed: string;
  readonly temporal: string;
  readonly run: string;
  readonly cache: string;
  /** What the upkeep remembers, and the clock that it believes. */
  readonly upkeep: string;
  streamFile(stream: string): string;
  /** What was seen by looks that were not believed, relative to {@link root}. */
  quarantineOf(stream: string): string;
  /** How the last look at the sources of all kmods went. */
  readonly sourcesFile: string;
  kernelsOf(stream: string): string;
  kernelFile(key: KernelKey): string;
  planFile(key: KernelKey): string;
  rolloutFile(key: KernelKey): string;
  buildNumberFile(key: CellKey): string;
  cellsOf(stream: string): string;
  cellFile(key: CellKey): string;
  gateFile(stream: string): string;
  /** Which advisory brings which kernel of a stream, as its updateinfo said last. */
  advisoriesFile(stream: string): string;
  /** Relative to {@link root}, as records name it. */
  attemptLog(key: CellKey, attempt: string): string;
  absolute(relative: string): string;
}

/**
 * Lays out a data directory. Streams, kmods and kernel releases are file names here: their alphabet
 * is checked where they enter (configuration, packaged path).
 */
export function layOutDataDirectory(root: string): DataDirectory {
  const at = (...parts: readonly string[]): string => join(root, ...parts);
  return {
    root,
    store: at('store'),
    scratch: at('scratch'),
    repositories: at('repositories'),
    status: at('status'),
    logs: at('logs'),
    keys: at('keys'),
    signing: at('signing'),
    signed: at('signing', 'signed'),
    temporal: at('temporal'),
    run: at('run'),
    cache: at('cache'),
    upkeep: at('upkeep'),
    sourcesFile: at('sources.json'),
    streamFile: (stream) => at('streams', `${stream}.json`),
    quarantineOf: (stream) => join('quarantine', stream),
    kernelsOf: (stream) => at('kernels', stream),
    kernelFile: (key) => at('kernels', key.stream, `${key.release}.json`),
    planFile: (key) => at('plans', key.stream, `${key.release}.json`),
    rolloutFile: (key) => at('rollouts', key.stream, `${key.release}.json`),
    buildNumberFile: (key) => at('build-numbers', key.stream, key.release, `${key.kmod}.json`),
    cellsOf: (stream) => at('cells', stream),
    cellFile: (key) => at('cells', key.stream, key.release, `${key.kmod}.json`),
    gateFile: (stream) => at('gates', `${stream}.json`),
    advisoriesFile: (stream) => at('cache', 'advisories', `${stream}.json`),
    attemptLog: (key, attempt) => join('logs', key.stream, key.release, key.kmod, `${attempt}.log`),
    absolute: (relative) => at(relative),
  };
}
