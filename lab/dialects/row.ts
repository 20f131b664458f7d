import type { ExpectedPackages } from '../../rpm/spec.ts';
import type { CorpusForm, Distribution } from './corpus-spec.ts';
import type { LaidOutSpec } from './lay-out-spec.ts';

/** A spec for the kernels of one distribution: a line of the table. */
export interface Row {
  readonly laidOut: LaidOutSpec;
  readonly form: CorpusForm;
  readonly distribution: Distribution;
  /** `uname -r`, the older one first. */
  readonly releases: readonly string[];
}

/** What was seen of one step for all kernels: nothing wrong, or why it failed. */
export interface Finding {
  /** Sentences for people; empty when all is as it must be. */
  readonly problems: readonly string[];
  /** In the table, in place of `yes`. */
  readonly note?: string;
}

/** A package that rekmod published. */
export interface PublishedPackage {
  readonly release: string;
  readonly fileName: string;
  readonly name: string;
  /** As rpm names it, without epoch: `kmod-acpi9x-1.2.2-1.el12.k6.1.0_54.el12.x86_64.b1.x86_64`. */
  readonly nevra: string;
  readonly hasModules: boolean;
}

/** A line of the table with all that was found. */
export interface JudgedRow {
  readonly row: Row;
  readonly detected: Finding;
  readonly built: Finding;
  readonly verified: Finding;
  readonly installed: Finding;
  readonly packages: readonly PublishedPackage[];
  /** What its dialect says of a newer build. */
  readonly newBuild: ExpectedPackages['newBuild'];
}

/** A row of which it is not known yet whether it can be installed. */
export type BuiltRow = Omit<JudgedRow, 'installed'>;
