import type { Quarantine } from '../model/stream-watch.ts';
import type { LookFinds } from '../plan/sort-finds.ts';

/** What a look found, as its sentence needs it. */
export type LookNews = {
  readonly unfinished: readonly { readonly release: string }[];
  /** Mirrors that were passed over. */
  readonly faults: readonly { readonly baseUrl: string; readonly reason: string }[];
} & ({ readonly kind: 'unchanged' } | ({ readonly kind: 'read' } & LookFinds));

/** Says what a look found, e.g. `2 kernels are offered, 1 new; waiting for kernel-devel of 6.1.0-55.el9`. */
export function describeLook(news: LookNews): string {
  const { unfinished, faults } = news;
  const parts =
    news.kind === 'read'
      ? describeFinds(news)
      : [
          'Nothing has changed',
          ...(unfinished.length === 0
            ? []
            : [`not finished: ${unfinished.map(({ release }) => release).join(', ')}`]),
        ];
  const passed = faults.map(({ baseUrl, reason }) => `passed over ${hostOf(baseUrl)}: ${reason}`);
  return [...parts, ...passed].join('; ');
}

/** Says what is wrong with a look in quarantine, and what can be done. */
export function describeQuarantine(
  stream: string,
  { sentence, evidence }: Pick<Quarantine, 'sentence' | 'evidence'>,
): string {
  const advice = `It heals by itself when they are back; if upstream means it, say: rekmod stream accept ${stream} --why '…'`;
  return `${sentence}. What was known before stands; what was seen is in ${evidence}. ${advice}`;
}

/** A mirror that keeps everything has hundreds that are too old. */
const NAMED_LIMIT = 5;

function describeFinds({
  readyCount,
  fresh,
  waiting,
  surplus,
  withdrawn,
}: LookFinds): readonly string[] {
  const news = fresh.length === 0 ? 'none is new' : `${fresh.length} new`;
  return [
    `${readyCount} kernels are offered, ${news}`,
    ...(waiting.length === 0 ? [] : [`waiting for kernel-devel of ${waiting.join(', ')}`]),
    ...(surplus.length === 0
      ? []
      : [`not taken, for there are enough newer ones: ${nameNewest(surplus)}`]),
    ...(withdrawn.length === 0 ? [] : [`withdrawn upstream: ${withdrawn.join(', ')}`]),
  ];
}

function nameNewest(kernels: readonly string[]): string {
  const rest = kernels.length - NAMED_LIMIT;
  const names = kernels.slice(-NAMED_LIMIT).join(', ');
  return rest > 0 ? `${names} and ${rest} older ones` : names;
}

function hostOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).host || baseUrl : baseUrl;
}
