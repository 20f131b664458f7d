import type { SettingsChanges } from '../model/settings-changes.ts';

/** Says what another configuration changes, as lines for a person; one line when it changes nothing. */
export function settingsChangesToText({ taken, needsRestart }: SettingsChanges): string {
  if (taken.length + needsRestart.length === 0) return 'Nothing has changed';
  return [
    ...taken,
    ...(needsRestart.length === 0
      ? []
      : ['Only the next start takes:', ...needsRestart.map((line) => `  ${line}`)]),
  ].join('\n');
}
