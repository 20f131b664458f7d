/**
 * What became of one module that was tried in a real kernel.
 *
 * - `loaded`: it was inserted; `removal` tells what the kernel said to its removal.
 * - `refused`: the kernel's loader or the module's own init said no.
 * - `unfinished`: its insertion began, and the boot ended in the middle, see {@link BootEnd}.
 * - `not-tried`: the boot ended before, or a module that it needs did not load.
 */
export type ModuleLoad =
  | {
      readonly kind: 'loaded';
      /** The errno of its init where that was asked to count as loaded. */
      readonly accepted?: 'ENODEV';
      /** Letters of the module's own taint (`/sys/module/<name>/taint`), e.g. `OE`, `POE`, `FOE`. */
      readonly taint: string;
      /** Letters that the kernel's taint gained meanwhile, e.g. `W` after a warning. */
      readonly kernelTaint: string;
      /** Modules without an exit function cannot be removed; that is no defect. */
      readonly removal: 'done' | 'refused' | 'not-tried';
      /** What the kernel wrote meanwhile. */
      readonly log: readonly string[];
    }
  | {
      readonly kind: 'refused';
      /** E.g. `ENOENT`, `EINVAL`, `ENOEXEC`; `errno 512` for one without a name. */
      readonly errno: string;
      /** What the kernel wrote meanwhile, e.g. `jool: Unknown symbol nf_ct_get (err -2)`. */
      readonly sentences: readonly string[];
    }
  | { readonly kind: 'unfinished' }
  | {
      readonly kind: 'not-tried';
      readonly why: string;
      /** The module that it needs and that is not loaded, where that is why. */
      readonly needs?: string;
    };

/** Where a boot was when it ended before its time. */
export interface BootPlace {
  /** Name of the group of modules; absent before the first and after the last. */
  readonly group?: string;
  /** The module that was inserted or removed; absent in a pause between two steps. */
  readonly module?: string;
  readonly step: 'boot' | 'insert' | 'remove' | 'wait' | 'end';
}

/**
 * How a boot ended.
 *
 * - `completed`: all steps were taken, and the guest ended itself.
 * - `crashed`: an oops or panic; `firstLine` is the kernel's, e.g. `BUG: kernel NULL pointer dereference, …`.
 * - `hung`: no step ended in time, or the kernel's own watchdog found a lockup.
 * - `no-boot`: the guest's init never spoke; nothing is known about the modules.
 */
export type BootEnd =
  | { readonly kind: 'completed' }
  | {
      readonly kind: 'crashed';
      readonly firstLine: string;
      readonly log: readonly string[];
      readonly during: BootPlace;
    }
  | {
      readonly kind: 'hung';
      /** E.g. `no step ended within 60 s`. */
      readonly detail: string;
      readonly log: readonly string[];
      readonly during: BootPlace;
    }
  | { readonly kind: 'no-boot'; readonly detail: string; readonly log: readonly string[] };

/** What one boot of a real kernel told about groups of modules. Texts are cut and printable. */
export interface BootReport {
  readonly end: BootEnd;
  /** `uname -r` of the kernel that ran; absent when it did not boot. */
  readonly release?: string;
  /** In the order asked for. */
  readonly groups: readonly GroupLoad[];
}

/** What became of a group: modules that are inserted together. */
export interface GroupLoad {
  readonly name: string;
  /** In the order of insertion, in-tree modules that were needed among them. */
  readonly modules: readonly {
    readonly name: string;
    readonly isUnderTest: boolean;
    readonly load: ModuleLoad;
  }[];
}

/** The result of the load station, as it is recorded: plain JSON of a few kilobytes at most. */
export type LoadTestReport =
  | {
      readonly kind: 'tested';
      /** Whether all modules loaded, and the kernel lived on. */
      readonly isGood: boolean;
      /** `uname -r` of the kernel that ran. */
      readonly release: string;
      readonly accelerator: 'tcg' | 'kvm';
      /** Of the boot that counts. */
      readonly durationMs: number;
      readonly end: Exclude<BootEnd, { readonly kind: 'no-boot' }>;
      /** The kmod's own, in the order of insertion; bad ones first where they are too many to tell. */
      readonly modules: readonly { readonly name: string; readonly load: ModuleLoad }[];
      readonly moduleCount: number;
      /** In-tree modules that were inserted before them, in order. */
      readonly helpers: readonly string[];
      /** In-tree modules that were refused, e.g. `crc32c_intel (ENODEV)`; often no harm. */
      readonly refusedHelpers: readonly string[];
    }
  /** Nothing is known of the modules: the kernel could not be had or did not boot. */
  | { readonly kind: 'not-tested'; readonly why: string };
