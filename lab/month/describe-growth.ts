import type { Growth } from './judge-growth.ts';

/** A table of all growth in Markdown, with the reason for what is accepted. */
export function describeGrowth(growth: readonly Growth[]): string {
  const rows = growth.map(({ bound, first, middle, last, perDay, accepted, isTooMuch }) => {
    const unit = bound.unit === '' ? '' : ` (${bound.unit})`;
    const figures = [first, middle, last].map((figure) => figure.toFixed(0));
    const slope = `${perDay.toFixed(2)}${isTooMuch ? ' TOO MUCH' : ''}`;
    return [`${bound.what}${unit}`, ...figures, slope, accepted.toFixed(2), bound.because];
  });
  const head = ['what', 'day 1', 'half', 'end', 'a day', 'accepted', 'because'];
  const rule = head.map((_, index) => (index === 0 || index === head.length - 1 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
