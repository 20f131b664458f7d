import type { ExplainedSymbol, Explanation } from '../model/explanation.ts';
import type { CellStatus, StatusReport } from '../model/status.ts';
import {
  describeCrcs,
  describeMarks,
  describeSource,
  describeUsers,
  KIND_LOOKS,
} from './describe-symbol.ts';
import { explainCell } from './explain-cell.ts';
import { formatCount, formatMoment } from './format-values.ts';
import { anchorOf, escapeHtml, link, withCode } from './html.ts';
import { STATUS_CSS } from './status-css.ts';
import { pill } from './status-html-stream.ts';
import { STATUS_POLICY } from './status-policy.ts';

const MAX_NAME_LENGTH = 64;
const MAX_SENTENCE_LENGTH = 700;
const MAX_CELL_LENGTH = 160;
/** From `cells/<stream>/<kmod>/` to the status page. */
const BACK = '../../../';

/**
 * Writes the page of one cell: what happens and what is to be done, the same in the words of the trade, the symbols,
 * and the ways to log, history and the same build again. No scripts, no outside resources.
 */
export function cellToHtml(report: StatusReport, cell: CellStatus): string {
  const { kmod, release, stream } = cell;
  const title = escapeHtml(`${kmod} on ${release}`, 2 * MAX_NAME_LENGTH);
  const explanation = explain(report, cell);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${STATUS_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STATUS_CSS}</style>
</head>
<body>
<header>
<p class="small"><a href="${BACK}index.html#${anchorOf(stream, kmod, release)}">All kernel modules</a></p>
<h1>${title}</h1>
<p>${pill(cell.state)} <span class="soft">${escapeHtml(stream, MAX_NAME_LENGTH)}</span></p>
</header>
<main>
<section class="card" aria-labelledby="what"><h2 id="what">What happens</h2>
<p>${escapeHtml(explanation.headline, MAX_SENTENCE_LENGTH)}</p>
${writeFacts(explanation)}</section>
${writeSymbols(explanation)}
${writeWays(cell)}
</main>
<footer class="soft small"><p>${writeMoment(cell)}</p></footer>
</body>
</html>
`;
}

function explain({ streams }: StatusReport, cell: CellStatus): Explanation {
  const kernels = streams.find(({ name }) => name === cell.stream)?.kernels ?? [];
  const gate = kernels.find(({ release }) => release === cell.release)?.gate;
  const explanation = explainCell({ ...cell, gate });
  // Work in hand and what a rollback took are told by the status alone.
  const isTold = cell.phase !== undefined || cell.withheld !== undefined;
  return isTold ? { ...explanation, headline: cell.sentence } : explanation;
}

function writeFacts({ facts }: Explanation): string {
  const items = facts.map(({ label, text }) => {
    return `<div class="cell"><dt>${escapeHtml(label)}</dt><dd>${withCode(escapeHtml(text, MAX_SENTENCE_LENGTH))}</dd></div>`;
  });
  return `<dl>${items.join('\n')}</dl>`;
}

function writeSymbols({ symbols, hiddenSymbolCount }: Explanation): string {
  if (symbols.length === 0) return '';
  const more =
    hiddenSymbolCount === 0
      ? ''
      : `<p class="soft small">… and ${formatCount(hiddenSymbolCount, 'more symbol')}</p>`;
  const head = ['symbol', 'change', 'CRC', 'exported by', 'used by', 'what follows'];
  return `<section class="card" aria-labelledby="symbols"><h2 id="symbols">Symbols of the kernel</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Symbols"><table>
<thead><tr>${head.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>${symbols.map(writeSymbol).join('\n')}</tbody></table></div>${more}</section>`;
}

function writeSymbol(symbol: ExplainedSymbol): string {
  const cells = [
    KIND_LOOKS[symbol.kind].word,
    describeCrcs(symbol),
    describeSource(symbol),
    describeUsers(symbol),
    [symbol.follows, ...describeMarks(symbol)].join('; '),
  ];
  const rest = cells
    .map((text) => `<td>${withCode(escapeHtml(text, MAX_CELL_LENGTH))}</td>`)
    .join('');
  return `<tr><th scope="row" class="mono">${escapeHtml(symbol.symbol, MAX_CELL_LENGTH)}</th>${rest}</tr>`;
}

function writeWays({ kmod, release, outcome, links }: CellStatus): string {
  const name = `${escapeHtml(kmod, MAX_NAME_LENGTH)} ${escapeHtml(release, MAX_NAME_LENGTH)}`;
  const isPublished = outcome?.kind === 'published';
  const log = links.log === undefined ? undefined : `${BACK}${links.log}`;
  const ways = [link(log, 'Build log'), link(links.temporal, 'History in Temporal')];
  const commands = [
    `rekmod why ${name}`,
    ...(outcome === undefined ? [] : [`rekmod logs ${name}`]),
    ...(isPublished ? [`rekmod reproduce ${name} --run`] : []),
  ];
  const shown = ways.filter((way) => way !== '').map((way) => `<li>${way}</li>`);
  return `<section class="card" aria-labelledby="more"><h2 id="more">More</h2>
${shown.length === 0 ? '' : `<ul>${shown.join('')}</ul>`}
<pre tabindex="0"><code>${commands.join('\n')}</code></pre></section>`;
}

/** Not the moment of the report: a page that says the same stays the same file. */
function writeMoment({ updatedAt }: CellStatus): string {
  return updatedAt === undefined
    ? 'Made by rekmod.'
    : `Work on it ended ${escapeHtml(formatMoment(updatedAt), MAX_NAME_LENGTH)}. Made by rekmod.`;
}
