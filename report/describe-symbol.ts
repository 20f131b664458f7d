import type { ProblemKind } from '../model/kabi.ts';
import type { LocatedSymbol } from '../plan/explain-symbols.ts';
import { cleanText } from './clean-text.ts';
import { describeProvider } from './describe-provider.ts';
import { formatCrc } from './format-values.ts';
import type { Tone } from './terminal-text.ts';

/** How a kind of problem is called and painted. */
export interface KindLook {
  readonly word: string;
  readonly tone: Tone;
}

/** How every kind of problem is called; the words of `rekmod kabi diff`. */
export const KIND_LOOKS: Readonly<Record<ProblemKind, KindLook>> = {
  lost: { word: 'lost', tone: 'bad' },
  crc: { word: 'CRC changed', tone: 'busy' },
  'gpl-only': { word: 'now GPL only', tone: 'bad' },
  namespace: { word: 'namespace not imported', tone: 'bad' },
  duplicate: { word: 'exported twice', tone: 'bad' },
};

/** Both CRCs, e.g. `0x0b1c2d3e → 0x11223344`, or `0x0b1c2d3e → none`; empty where neither is known. */
export function describeCrcs({ wantedCrc, foundCrc }: LocatedSymbol): string {
  if (wantedCrc === 0 && foundCrc === undefined) return '';
  return `${formatCrc(wantedCrc)} → ${foundCrc === undefined ? 'none' : formatCrc(foundCrc)}`;
}

/** Who exports it, e.g. `vmlinux (the kernel's core)`; empty where that is not known. */
export function describeSource({ provider, subsystem }: LocatedSymbol): string {
  if (provider === undefined) return '';
  return describeProvider({ provider, ...(subsystem === undefined ? {} : { subsystem }) });
}

/** Who uses it, e.g. `jool_common, jool in rfc6791_find(), snat()`. */
export function describeUsers({ usedBy, alsoUsedBy = [], functions = [] }: LocatedSymbol): string {
  const modules = [usedBy, ...alsoUsedBy].map((module) => cleanText(module, 64)).join(', ');
  if (functions.length === 0) return modules;
  return `${modules} in ${functions.map((name) => `${cleanText(name, 64)}()`).join(', ')}`;
}

/** What the stream's lists say of it, e.g. `on the stablelist`; empty without such lists. */
export function describeMarks({ isStable, isTolerated }: LocatedSymbol): readonly string[] {
  return [
    ...(isStable === undefined ? [] : [isStable ? 'on the stablelist' : 'not on the stablelist']),
    ...(isTolerated ? ['tolerated by the severities'] : []),
  ];
}
