import { CELL_STATES, type StatusReport } from '../model/status.ts';
import { countStates, STATE_LOOKS } from './cell-state.ts';
import { describeStuck } from './describe-stuck.ts';
import { describeSourceAlarms } from './describe-watch.ts';
import { formatMoment } from './format-values.ts';
import { escapeHtml, link, safeHref } from './html.ts';
import { STATUS_CSS } from './status-css.ts';
import { pill, streamToHtml, writeLook, writeNotes } from './status-html-stream.ts';
import { STATUS_POLICY } from './status-policy.ts';
import { STATUS_SCRIPT } from './status-script.ts';

/** How the page is written. */
export interface StatusPageOptions {
  /** E.g. `Kernel modules of Example Ltd`. */
  readonly title?: string;
  /** Columns of each matrix; default 8. */
  readonly maxKernels?: number;
}

/**
 * Writes the report as one self-contained page: no outside resources, readable from a plain file
 * server when everything else is down, and without its script, which finds kmods by name and state.
 */
export function statusToHtml(report: StatusReport, options: StatusPageOptions = {}): string {
  const { title = 'Kernel modules', maxKernels = 8 } = options;
  const streams = report.streams.map((stream) => streamToHtml(report, stream, maxKernels));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${STATUS_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STATUS_CSS}</style>
</head>
<body>
<a class="skip" href="#main">To the kmods</a>
<header>
<h1>${escapeHtml(title)}</h1>
${writeGenerated(report)}
${writeTally(report)}
${writeNotes(describeStuck(report.stuck))}
${writeFind(report)}
</header>
<main id="main">
${streams.length === 0 ? '<section class="card"><p class="soft">No stream is followed yet.</p></section>' : streams.join('\n')}
${writeSources(report)}
${writeRepositories(report)}
${writeLegend()}
</main>
<footer class="soft small"><p>${writeFooter(report)}</p></footer>
<script>${STATUS_SCRIPT}</script>
</body>
</html>
`;
}

function writeGenerated({ generatedAt }: StatusReport): string {
  const moment = escapeHtml(formatMoment(generatedAt));
  const time = `<time datetime="${escapeHtml(generatedAt)}">${moment}</time>`;
  return `<p class="soft">As of ${time}. The page does not renew itself: reload it to see the latest.</p>`;
}

function writeTally({ cells }: StatusReport): string {
  const counts = countStates(cells.map(({ state }) => state));
  const items = CELL_STATES.filter((state) => counts[state] > 0).map(
    (state) => `<li>${pill(state, counts[state])}</li>`,
  );
  return items.length === 0
    ? ''
    : `<ul class="tally" aria-label="All cells">${items.join('')}</ul>`;
}

/** Shown by the script alone: without it there is nothing that would search. */
function writeFind({ cells }: StatusReport): string {
  const counts = countStates(cells.map(({ state }) => state));
  const options = CELL_STATES.filter((state) => counts[state] > 0).map(
    (state) => `<option value="${state}">${STATE_LOOKS[state].word}</option>`,
  );
  return `<form id="find" role="search" hidden><label>Kmod <input type="search"></label>
<label>State <select><option value="">all</option>${options.join('')}</select></label>
<output aria-live="polite" class="soft"></output></form>`;
}

function writeSources({ sources }: StatusReport): string {
  if (sources === undefined) return '';
  return `<section class="card" aria-labelledby="sources">
<div class="head"><h2 id="sources">Sources of the kmods</h2>${writeLook(sources)}</div>
${writeNotes(describeSourceAlarms(sources))}</section>`;
}

function writeRepositories({ links }: StatusReport): string {
  const entries = links.repositories.flatMap(({ name, baseUrl, repoFileUrl }) => {
    const href = safeHref(repoFileUrl);
    if (href === undefined) return [];
    return [
      `<h3>${escapeHtml(name)}</h3>
<p>${link(repoFileUrl, 'Repository file')} <span class="soft small mono">${escapeHtml(baseUrl)}</span></p>
<pre tabindex="0"><code>sudo dnf config-manager --add-repo ${href}                    # dnf 4
sudo dnf config-manager addrepo --from-repofile=${href}       # dnf 5
sudo zypper addrepo ${href}                                   # openSUSE</code></pre>`,
    ];
  });
  if (entries.length === 0) return '';
  return `<section class="card" aria-labelledby="use"><h2 id="use">Use the packages</h2>
${entries.join('\n')}</section>`;
}

function writeLegend(): string {
  const items = CELL_STATES.map((state) => `<li>${pill(state)} ${STATE_LOOKS[state].meaning}</li>`);
  return `<section class="card" aria-labelledby="legend"><h2 id="legend">Legend</h2>
<ul class="legend">${items.join('\n')}</ul></section>`;
}

function writeFooter({ links }: StatusReport): string {
  const parts = ['<a href="status.json">status.json</a>', link(links.temporalUi, 'Temporal')];
  return `Made by rekmod. ${parts.filter((part) => part !== '').join(' · ')}`;
}
