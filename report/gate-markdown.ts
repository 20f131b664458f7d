import type { GatedKernel, GateRules, GateView } from '../model/gate.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatMoment } from './format-values.ts';
import { sizeOf } from './text-size.ts';

/** What a gate shows. */
export interface GatePage {
  /** Oldest first. */
  readonly kernels: readonly GatedKernel[];
  readonly rules: GateRules;
  readonly view?: GateView | undefined;
}

/** Temporal refuses details of more than 20,000 bytes. */
const MAX_BYTES = 16_000;
const MAX_KERNELS = 40;
const MAX_RULES = 20;

/**
 * Shows a gate for the Temporal UI's current details: each kernel with its state and what it waits for, the
 * newest first, then what people decided.
 *
 * @returns At most 16,000 bytes of UTF-8; where there is no room the oldest kernels are left out.
 */
export function gateMarkdown(page: GatePage): string {
  const rules = listRules(page.rules).slice(0, MAX_RULES);
  for (let shown = Math.min(page.kernels.length, MAX_KERNELS); shown > 0; shown -= 1) {
    const text = [...writeTable(page, shown), ...rules].join('\n');
    if (sizeOf(text) <= MAX_BYTES) return text;
  }
  return writeTable(page, 0).join('\n');
}

/** How far the gated repository is, in one sentence. */
export function describeView(view: GateView | undefined): string {
  if (!view) return 'The gated repository is not written yet';
  if (view.kind === 'failed') {
    return `The gated repository could not be written (${formatMoment(view.at)}): ${view.reason}`;
  }
  const { snapshot, packageCount, releases } = view;
  const newest = releases.at(-1);
  const what = newest === undefined ? 'no kernel' : `kernels up to ${newest}`;
  return `The gated repository lists ${what}, ${packageCount} packages (snapshot ${snapshot})`;
}

/** What people decided, one sentence each, e.g. `v4l2loopback is frozen by ada (…): it crashes`. */
export function describeRules(rules: GateRules): readonly string[] {
  return [
    ...rules.waivers.map(
      ({ release, kmod, by, until, why }) =>
        `${kmod} is waived from ${release} on by ${by} until ${formatMoment(until)}: ${why}`,
    ),
    ...rules.freezes.map(({ subject, by, until, why }) => {
      const name =
        subject.kind === 'kernel'
          ? subject.release
          : subject.kind === 'kmod'
            ? subject.kmod
            : 'the stream';
      const end = until === undefined ? '' : ` until ${formatMoment(until)}`;
      return `${name} is frozen by ${by}${end}: ${why}`;
    }),
    ...rules.fastLane.map(
      ({ release, by, why }) => `${release} is in the fast lane by ${by}: ${why}`,
    ),
  ];
}

function writeTable({ kernels, view }: GatePage, shown: number): readonly string[] {
  const hidden = kernels.length - shown;
  return [
    `${escapeMarkdown(describeView(view), 600)}.`,
    '',
    '| kernel | state | why | since |',
    '| --- | --- | --- | --- |',
    ...kernels
      .slice(kernels.length - shown)
      .reverse()
      .map(({ release, state, reason, since }) => {
        const cells = [release, state, reason, formatMoment(since)];
        return `| ${cells.map((cell) => escapeMarkdown(cell, 300)).join(' | ')} |`;
      }),
    ...(hidden > 0 ? ['', `… and ${hidden} older kernels`] : []),
  ];
}

function listRules(rules: GateRules): readonly string[] {
  const lines = describeRules(rules).map((line) => `- ${escapeMarkdown(line, 300)}`);
  return lines.length === 0 ? [] : ['', ...lines];
}
