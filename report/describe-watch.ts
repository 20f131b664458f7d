import type { KernelStatus, SourcesStatus, StreamStatus } from '../model/status.ts';
import type { Freshness } from '../model/stream-watch.ts';
import { formatMoment } from './format-values.ts';

/** What somebody must know of the watch of a stream, a sentence each; nothing when all is well. */
export function describeAlarms(
  stream: Pick<StreamStatus, 'name' | 'freshness' | 'quarantine'>,
): readonly string[] {
  const { name, freshness, quarantine } = stream;
  return [
    ...(quarantine === undefined
      ? []
      : [
          `In quarantine since ${formatMoment(quarantine.since)}: ${quarantine.sentence}. What was known before stands; evidence: ${quarantine.evidence}. If upstream means it: rekmod stream accept ${name} --why '…'`,
        ]),
    ...describeStale(freshness),
  ];
}

/** The same of the sources of kmods. */
export function describeSourceAlarms({ freshness, unreadable }: SourcesStatus): readonly string[] {
  return [
    ...describeStale(freshness),
    ...unreadable.map(({ kmod, reason, lastGoodAt }) => {
      return `The source of ${kmod} could not be read since ${formatMoment(lastGoodAt)}: ${reason}`;
    }),
  ];
}

function describeStale(freshness: Freshness | undefined): readonly string[] {
  if (freshness?.staleSince === undefined) return [];
  const { lastGoodAt, staleSince } = freshness;
  const last = lastGoodAt === undefined ? 'never' : formatMoment(lastGoodAt);
  return [`Stale since ${formatMoment(staleSince)}; last good look: ${last}`];
}

/** What is unusual about a kernel, e.g. that upstream took it back; none or one sentence. */
export function describeKernelNote(kernel: KernelStatus): readonly string[] {
  const { release, foundAt, state, trouble, goneSince, isWithdrawn } = kernel;
  if (isWithdrawn && goneSince !== undefined) {
    return [`${release} is withdrawn upstream since ${formatMoment(goneSince)}`];
  }
  if (state !== 'waiting-for-devel') return [];
  if (trouble !== undefined) return [`${release} is offered and cannot be had: ${trouble}`];
  return [`${release} waits for its kernel-devel since ${formatMoment(foundAt)}`];
}
