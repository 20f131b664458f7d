import type { CellOutcome } from '../model/cell.ts';
import type { ExplainedFact } from '../model/explanation.ts';
import type { LoadTestReport } from '../model/load-test.ts';
import { cleanText } from './clean-text.ts';
import { formatCount, formatSeconds } from './format-values.ts';

type Tested = Extract<LoadTestReport, { readonly kind: 'tested' }>;

const SHOWN_HELPERS = 6;
const SHOWN_LINES = 6;

/** Tells of a load test what the outcome's sentence has no room for: how it was made, and the kernel's own words. */
export function listLoadTestFacts(outcome: CellOutcome | undefined): readonly ExplainedFact[] {
  const report = findReport(outcome);
  if (report?.kind !== 'tested') return [];
  return [
    { label: 'load test', text: describeTest(report) },
    ...findLines(report).map((line) => ({ label: 'kernel', text: cleanText(line) })),
  ];
}

function findReport(outcome: CellOutcome | undefined): LoadTestReport | undefined {
  if (outcome?.kind === 'published') return outcome.build.loadTest;
  return outcome?.kind === 'failed' ? outcome.loadTest : undefined;
}

function describeTest(report: Tested): string {
  const { moduleCount, release, helpers, refusedHelpers, accelerator, durationMs } = report;
  const shown = helpers.slice(0, SHOWN_HELPERS).map((name) => cleanText(name, 64));
  const more = helpers.length - shown.length;
  const others = more > 0 ? ` and ${formatCount(more, 'more module')} of it` : '';
  const besides = shown.length === 0 ? '' : `, with ${shown.join(', ')}${others}`;
  const refused = refusedHelpers.slice(0, SHOWN_HELPERS).map((name) => cleanText(name, 64));
  const without = refused.length === 0 ? '' : `, of which it refused ${refused.join(', ')}`;
  const how = accelerator === 'kvm' ? 'with KVM' : 'emulated';
  const time = formatSeconds(durationMs / 1000);
  return `${formatCount(moduleCount, 'module')} in ${cleanText(release, 64)}${besides}${without}; ${how}, ${time}`;
}

/** The kernel's words about what ended it, or about the first module that is bad. */
function findLines({ end, isGood, modules }: Tested): readonly string[] {
  if (end.kind !== 'completed') return end.log.slice(0, SHOWN_LINES);
  if (isGood) return [];
  const refused = modules.find(({ load }) => load.kind === 'refused')?.load;
  return refused?.kind === 'refused' ? refused.sentences.slice(0, SHOWN_LINES) : [];
}
