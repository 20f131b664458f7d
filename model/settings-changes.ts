/** What another configuration changes, a line for people each, e.g. `+ kmod jool (spec /srv/jool.spec)`. */
export interface SettingsChanges {
  /** What is taken while everything goes on. */
  readonly taken: readonly string[];
  /** What stays as it was until the next start: ports, Temporal, keys. */
  readonly needsRestart: readonly string[];
}
