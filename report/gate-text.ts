import type { GatedKernel, GateListing, GateState } from '../model/gate.ts';
import { cleanText } from './clean-text.ts';
import { formatMoment } from './format-values.ts';
import { describeRules, describeView } from './gate-markdown.ts';
import { fit, paint, type TerminalStyle, type Tone, wrap } from './terminal-text.ts';

/** The tone of every state of the gate. */
export const GATE_TONES: Readonly<Record<GateState, Tone>> = {
  held: 'busy',
  released: 'good',
  waived: 'good',
  recalled: 'bad',
};

const STATE_WIDTH = 8;
const MAX_RELEASE_WIDTH = 48;
const INDENT = '  ';

/**
 * Writes a gate for a terminal: each kernel with its state, since when and why, the newest first; then what the gated
 * repository lists and what people decided.
 */
export function gateToText(
  { stream, kernels, view, rules, waitingForDevel }: GateListing,
  style: TerminalStyle,
): string {
  const heading = paint(`Gate of ${cleanText(stream)}`, 'strong', style.color);
  const decided = describeRules(rules).flatMap((line) =>
    wrap(cleanText(line, 600), Math.max(40, style.columns)),
  );
  const lines = [
    heading,
    ...wrap(`${cleanText(describeView(view), 600)}.`, Math.max(40, style.columns)),
    '',
    ...waitingForDevel.map(
      (evr) => `${cleanText(evr, MAX_RELEASE_WIDTH)}  held: no kernel-devel yet`,
    ),
    ...(kernels.length === 0 ? ['no kernels yet'] : gatedKernelsToLines(kernels, style)),
    ...(decided.length === 0 ? [] : ['', paint('Decided by people', 'strong', style.color)]),
    ...decided,
  ];
  return `${lines.join('\n')}\n`;
}

/** Writes kernels at a gate, the newest first, with their reasons below. */
export function gatedKernelsToLines(
  kernels: readonly GatedKernel[],
  { color, columns }: TerminalStyle,
): readonly string[] {
  const releases = kernels.map(({ release }) => cleanText(release, MAX_RELEASE_WIDTH));
  const width = Math.max(...releases.map((release) => [...release].length));
  return kernels
    .toReversed()
    .flatMap(({ release, state, reason, since, fastLane, withdrawnSince }) => {
      const name = fit(cleanText(release, MAX_RELEASE_WIDTH), width);
      const word = paint(fit(state, STATE_WIDTH), GATE_TONES[state], color);
      const lane = fastLane === undefined ? '' : `  fast lane (${fastLane})`;
      const head = `${name}  ${word}  since ${formatMoment(since)}${lane}`;
      const room = Math.max(40, columns - INDENT.length);
      const isTold = withdrawnSince === undefined || state === 'held';
      const notes = isTold
        ? [reason]
        : [reason, `withdrawn upstream since ${formatMoment(withdrawnSince)}: not listed`];
      const lines = notes.flatMap((note) => wrap(cleanText(note, 600), room));
      return [head, ...lines.map((line) => `${INDENT}${line}`)];
    });
}
