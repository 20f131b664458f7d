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
  | { readonly kind: 'not-tried'; readonly why: string };

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
