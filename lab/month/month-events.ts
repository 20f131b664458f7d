import type { Severity } from '../../model/gate.ts';

/** A kernel that the scripted vendor releases; all its flavours are of one source package. */
export interface ScriptedKernel {
  readonly stream: string;
  /** E.g. `5.14.0`. */
  readonly version: string;
  /** E.g. `601.el9`. */
  readonly release: string;
  /** Counts the kernels of its stream; grows with the EVR. */
  readonly number: number;
  /**
   * By kmod, how often the symbols that it imports have changed: kernels with the same number have the same CRCs,
   * e.g. `{ alpha: 2, beta: 0 }`.
   */
  readonly generations: Readonly<Record<string, number>>;
  /** By kmod, the oldest version of its source that compiles: older ones use a symbol that is gone. */
  readonly oldestSource: Readonly<Record<string, number>>;
  /** Of the advisory that brings it; absent if none does. */
  readonly severity?: Severity;
}

/** What is wrong with a mirror for a while. */
export type Disturbance =
  /** `repomd.xml` is new, the primary metadata that it names is not there yet. */
  | 'repomd-ahead'
  /** The primary metadata is new already, `repomd.xml` is not. */
  | 'primary-ahead'
  /** All metadata is new, the packages of the newest kernel are not there yet. */
  | 'package-missing'
  /** The primary metadata breaks off in the middle. */
  | 'half-written'
  /** Connections are refused. */
  | 'refused'
  /** Everything is answered with 503. */
  | 'unavailable'
  /** Connections are accepted and nothing is answered. */
  | 'silent'
  /** The state of before the newest kernel is served. */
  | 'fallen-back'
  /** Only the oldest kernel is listed: a crawl that broke off. */
  | 'shrunk';

/** Something that happens upstream, or to rekmod. */
export type Happening =
  | {
      readonly kind: 'release';
      readonly kernel: ScriptedKernel;
      /** kernel-devel comes this many polls later; 0 for at once. */
      readonly lagPolls: number;
    }
  /** A kernel is withdrawn, or offered again. */
  | { readonly kind: 'recall' | 'restore'; readonly stream: string; readonly evr: string }
  /** Kernels of older minor releases leave the mirror. */
  | { readonly kind: 'clear-out'; readonly stream: string; readonly version: string }
  | {
      readonly kind: 'disturbance';
      readonly stream: string;
      readonly how: Disturbance;
      readonly polls: number;
    }
  /** A kmod's author releases a version of its source, numbered from 1. */
  | { readonly kind: 'source'; readonly kmod: string; readonly version: number }
  | { readonly kind: 'restart'; readonly signal: 'SIGTERM' | 'SIGKILL' };

/** A happening and its time. */
export type MonthEvent = Happening & {
  /** Polls since the begin. */
  readonly atPoll: number;
  /** What the scene is called that it is a part of, e.g. `burst`. */
  readonly scene: string;
};

/** Names a kernel within its stream, e.g. `5.14.0-601.el9`. */
export function evrOf({ version, release }: Pick<ScriptedKernel, 'version' | 'release'>): string {
  return `${version}-${release}`;
}
