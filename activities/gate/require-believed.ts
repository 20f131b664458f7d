import { LookQuarantinedError } from '../../model/activity-errors.ts';
import type { LookedKernel } from '../../model/stream-watch.ts';
import { isOlderRevision, judgeLook } from '../../plan/judge-look.ts';
import { listKernelNames } from '../../rpm/kernels.ts';
import { listUpstreams } from '../mirrors.ts';
import type { Records } from '../records.ts';
import { digestSettings } from '../remember-look.ts';
import type { GatedStream } from './gather-view.ts';
import type { ViewSource } from './list-sources.ts';

/**
 * Refuses to make a view of what a look would not believe: a gate reads upstream by itself, at moments of its own, and
 * clients would lose the kernels that a broken mirror does not list.
 *
 * @param sources In the stream's order.
 * @throws {LookQuarantinedError} If kernels are lost by the rule of looks; what is served stays.
 */
export async function requireBelieved(
  stream: GatedStream,
  sources: readonly ViewSource[],
  records: Pick<Records, 'readStream'>,
): Promise<void> {
  const accepted = (await records.readStream(stream.name))?.accepted;
  // Nothing is proved by looks at another configuration.
  if (accepted?.settingsDigest !== digestSettings(stream)) return;
  const older = listUpstreams(stream).flatMap(({ url }, index) => {
    const repository = sources[index]?.repository;
    const isOlder = isOlderRevision(repository?.repomd.revision ?? '', accepted.revisions[url]);
    return repository && isOlder ? [repository.baseUrl] : [];
  });
  const judgement = judgeLook({
    before: accepted.offered,
    now: findKernels(stream, sources),
    older,
    maxLost: stream.maxLost,
  });
  if (judgement.kind === 'accepted') return;
  throw new LookQuarantinedError(stream.name, judgement.sentence);
}

function findKernels(
  { family, arch }: GatedStream,
  sources: readonly ViewSource[],
): readonly LookedKernel[] {
  const own = sources.flatMap(({ packages }) => packages).filter((one) => one.arch === arch);
  return family.flavours.flatMap((flavour) => {
    const [core] = listKernelNames(family, flavour);
    return own
      .filter(({ name }) => name === core)
      .map(({ epoch, version, release }) => ({ flavour, evr: { epoch, version, release } }));
  });
}
