import type { Settings } from './settings.ts';
import type { SettingsChanges } from './settings-changes.ts';

/** What a running `rekmod up` works by; `rekmod config diff` compares the file with it. */
export interface RunningSettings {
  /** Absolute path of the file that they were read from. */
  readonly configFile: string;
  /** ISO 8601 in UTC. */
  readonly loadedAt: string;
  readonly settings: Settings;
}

/** How the last reload of a running `rekmod up` ended. */
export type ReloadEnd =
  | {
      readonly kind: 'taken';
      readonly at: string;
      readonly changes: SettingsChanges;
    }
  /** Nothing has changed, or not everything: the reason says which, and another reload does what is missing. */
  | { readonly kind: 'refused'; readonly at: string; readonly reason: string };

/** What `rekmod up` leaves for `rekmod reload`. */
export interface ReloadAnswer {
  /** SHA-256 of the settings that were read, as JSON; absent when they could not be read. */
  readonly settingsDigest?: string;
  /** Reloads since the start; the first is 1. */
  readonly number: number;
  readonly end: ReloadEnd;
}
