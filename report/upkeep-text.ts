import type { UpkeepPart, UpkeepRemoval, UpkeepReport } from '../model/upkeep.ts';
import { formatBytes } from '../plan/format-bytes.ts';

/** Says in lines for people what an upkeep removed, as Markdown. */
export function upkeepToText({
  parts,
  isDryRun,
}: Pick<UpkeepReport, 'parts' | 'isDryRun'>): string {
  const removals = parts.flatMap(({ removed }) => removed).filter(({ count }) => count > 0);
  const problems = parts.flatMap((part) =>
    part.problems.map((text) => describeProblem(part, text)),
  );
  return [sumUp(removals, isDryRun), ...removals.map(describeRemoval), ...problems].join('\n');
}

function sumUp(removals: readonly UpkeepRemoval[], isDryRun: boolean): string {
  const count = removals.reduce((sum, removal) => sum + removal.count, 0);
  if (count === 0) return isDryRun ? 'Nothing would be removed' : 'Nothing was to be removed';
  const bytes = removals.reduce((sum, { freedBytes = 0 }) => sum + freedBytes, 0);
  const verb = isDryRun ? 'Would remove' : 'Removed';
  return `${verb} ${count} ${count === 1 ? 'thing' : 'things'}, ${formatBytes(bytes)}`;
}

function describeRemoval({ what, count, freedBytes, names }: UpkeepRemoval): string {
  const bytes = freedBytes === undefined ? '' : `, ${formatBytes(freedBytes)}`;
  const more = count > names.length ? ', …' : '';
  return `- ${count} ${what}${bytes}: ${names.join(', ')}${more}`;
}

function describeProblem({ part }: UpkeepPart, text: string): string {
  return `- ${part}: ${text}`;
}
