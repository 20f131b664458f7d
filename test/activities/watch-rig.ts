import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type StreamLook, type WatchActivities, watchActivities } from '../../activities/watch.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Stream } from '../../model/settings.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, settingsOf, streamOf } from '../support/data-rig.ts';
import { type HttpRig, serveFiles, startHttpRig } from '../support/http-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';

/** Where the repository's entry file is served. */
export const REPOMD = '/repodata/repomd.xml';

/** A watch over a repository that a test changes as it likes. */
export interface WatchRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly files: Map<string, string | Uint8Array>;
  readonly server: HttpRig;
  readonly activities: WatchActivities;
  look(): Promise<StreamLook>;
}

/** The stream `lab` over the fixture's repository, served. */
export async function startWatchRig(
  changes: Partial<Stream> = {},
  kmods: readonly Kmod[] = [],
): Promise<WatchRig> {
  const files = new Map<string, string | Uint8Array>([
    [REPOMD, readFixtureText('repodata/repomd.xml')],
    ['/repodata/primary.xml.gz', readFixture('repodata/primary.xml.gz')],
  ]);
  const server = await startHttpRig(serveFiles(files));
  const rig = await makeDataRig();
  const settings = settingsOf({ streams: [streamOf({ urls: [server.url], ...changes })], kmods });
  const activities = watchActivities({ ...rig, settings });
  return {
    rig,
    files,
    server,
    activities,
    look: () => inActivity(() => activities.lookAtStream({ stream: 'lab' })),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

/** New kernels, each with whether its kernel-devel is there. */
export function namesOf({ newKernels }: StreamLook): readonly string[] {
  return newKernels.map(({ evr, devel }) => `${formatEvr(evr)} ${devel ? 'ready' : 'waiting'}`);
}

/** Changes the file so that it has another ETag. */
export function touch(files: Map<string, string | Uint8Array>): void {
  files.set(REPOMD, `${String(files.get(REPOMD))}\n`);
}

/** Lists other content under the same name, as a whole new repository. */
export function republish(
  files: Map<string, string | Uint8Array>,
  keep: (entry: string) => boolean,
  revision = 1_780_000_001,
  more: (entries: readonly string[]) => readonly string[] = () => [],
): void {
  const primary = gunzipSync(readFixture('repodata/primary.xml.gz')).toString();
  const entries = primary.match(/<package type="rpm">.*?<\/package>/gs) ?? [];
  const kept = [...entries.filter(keep), ...more(entries)];
  const text = primary
    .replace(/<package type="rpm">.*<\/package>/s, () => kept.join('\n'))
    .replace(/packages="\d+"/, `packages="${kept.length}"`);
  const packed = gzipSync(text);
  const sha256 = createHash('sha256').update(packed).digest('hex');
  files.set('/repodata/primary.xml.gz', packed);
  const repomd = readFixtureText('repodata/repomd.xml')
    .replace(/(?<="primary">\s+<checksum type="sha256">)[0-9a-f]+/, sha256)
    .replace('<size>1344<', `<size>${packed.length}<`)
    .replace(/<open-size>\d+</, `<open-size>${text.length}<`)
    .replace(/<revision>\d+</, `<revision>${revision}<`);
  files.set(REPOMD, repomd);
}

/** A stream whose two kernels with kernel-devel are known, and whose look is acknowledged. */
export async function startKnownRig(changes: Partial<Stream> = {}): Promise<WatchRig> {
  const watch = await startWatchRig(changes);
  const { records } = watch.rig;
  for (const evr of ['6.1.0-54.el9', '6.1.0-54.1.el9']) await records.writeKernel(kernelOf(evr));
  const { validators } = await watch.look();
  await watch.activities.acknowledgeLook({ stream: 'lab', validators });
  return watch;
}
