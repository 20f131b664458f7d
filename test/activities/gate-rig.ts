import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { judgeGateActivities } from '../../activities/gate/judge-gate.ts';
import { serveViewActivities } from '../../activities/gate/serve-view.ts';
import { publishActivities } from '../../activities/publish.ts';
import { readRepository } from '../../activities/repository-metadata.ts';
import { runProgram } from '../../activities/run-program.ts';
import type { SigningKey } from '../../activities/signing-key.ts';
import type { BuiltPackage, CellOutcome, CellRecord } from '../../model/cell.ts';
import type { GateSettings } from '../../model/gate.ts';
import type { RepositoryPackage } from '../../model/kernel.ts';
import type { Settings, Stream } from '../../model/settings.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { type DataRig, KEEP, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';

/** The kernel that upstream offers, and packages beside it. */
export const RELEASE = '6.1.0-54.el9.x86_64';
export const CORE = 'foreign/kernel-core-6.1.0-54.el9.x86_64.rpm';
export const MODULES = 'foreign/kernel-modules-6.1.0-54.el9.x86_64.rpm';
export const DEVEL = 'rpms/kernel-devel-6.1.0-54.el9.x86_64.rpm';
export const OTHER = 'foreign/kmod-provider-1.0-1.x86_64.rpm';
/** What rekmod has built. */
export const KMOD = 'rpms/kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm';

export const GATE: GateSettings = {
  graceMs: 0,
  packages: 'upstream',
  repository: 'lab-gated',
  fastLane: { severities: [], skip: 'optional' },
};

/** An upstream, rekmod's own repository, and the gate between them. */
export interface GateRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly settings: Settings;
  readonly upstream: string;
  readonly judge: ReturnType<typeof judgeGateActivities>;
  readonly view: ReturnType<typeof serveViewActivities>;
  readonly publish: ReturnType<typeof publishActivities>;
  /** Puts fixtures into upstream and writes its metadata anew. */
  offer(...fixtures: readonly string[]): Promise<void>;
  /** Adds a file of metadata to upstream, e.g. `updateinfo.xml`. */
  addMetadata(name: string, text: string): Promise<void>;
  /** Puts a fixture into the store. */
  add(fixture: string): Promise<BuiltPackage>;
  /** Writes down how the cell of the kmod `demo` ended. */
  end(outcome: CellOutcome): Promise<void>;
  /** What a client finds in the gated repository. */
  readView(): Promise<readonly RepositoryPackage[]>;
}

export async function startGateRig(
  key: SigningKey,
  gate: Partial<GateSettings> = {},
  changes: Partial<Stream> = {},
): Promise<GateRig> {
  const rig = await makeDataRig();
  const upstream = rig.scratch.at('upstream');
  await mkdir(upstream);
  const url = pathToFileURL(upstream).href;
  const stream = streamOf({ urls: [url], gate: { ...GATE, ...gate }, ...changes });
  const settings = settingsOf({
    streams: [stream],
    kmods: [kmodOf('demo')],
    repositories: ['kmods', 'lab-gated'].map((name) => ({ name, keep: KEEP })),
  });
  const deps = { ...rig, settings, key, serverUrl: 'http://127.0.0.1:8470' };
  const gated = join(rig.data.repositories, 'lab-gated', 'current');
  await rig.records.writeKernel(kernelOf('6.1.0-54.el9', { foundAt: NOW }));

  return {
    rig,
    settings,
    upstream,
    judge: judgeGateActivities(deps),
    view: serveViewActivities(deps),
    publish: publishActivities(deps),
    async offer(...fixtures) {
      for (const fixture of fixtures) {
        const name = fixture.split('/').at(-1) ?? '';
        await cp(fixturePath(fixture), join(upstream, name));
      }
      await runProgram(['createrepo_c', '--quiet', '--no-database', upstream]);
    },
    async addMetadata(name, text) {
      const path = rig.scratch.at(name);
      await writeFile(path, text);
      await runProgram(['modifyrepo_c', path, join(upstream, 'repodata')]);
    },
    async add(fixture) {
      const stored = await rig.store.addFile(fixturePath(fixture));
      const nevra = {
        name: 'kmod-demo',
        epoch: 0,
        version: '1.0~rc1',
        release: '1',
        arch: 'x86_64',
      };
      return { ...stored, fileName: fixture.split('/').at(-1) ?? '', nevra };
    },
    end: (outcome) => rig.records.writeCell(recordOf(outcome)),
    async readView() {
      const content = await readRepository({
        baseUrl: pathToFileURL(gated).href,
        trust: { gpgKeys: [key.publicKeyFile], repoGpgCheck: true, gpgCheck: true },
        validators: {},
        isWanted: () => true,
        acceptsBase: true,
        scratch: rig.scratch.path,
        signal: new AbortController().signal,
      });
      return content.kind === 'read' ? content.packages : [];
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** The end of a build of `demo`. */
export function publishedOf(
  ...packages: readonly BuiltPackage[]
): Extract<CellOutcome, { kind: 'published' }> {
  const digest = '0'.repeat(64);
  return {
    kind: 'published',
    packages,
    repository: 'kmods',
    snapshot: '000001',
    build: {
      ...{ inputDigest: digest, sourceDigest: digest, buildNumber: 1, durationMs: 1 },
      modules: { sha256: digest, sizeBytes: 1, moduleCount: 1 },
      attemptLog: 'logs/a.log',
    },
  };
}

function recordOf(outcome: CellOutcome): CellRecord {
  return {
    ...{ stream: 'lab', kmod: 'demo', release: RELEASE, arch: 'x86_64' },
    verdict: { kind: 'rebuild', why: 'never-built' },
    outcome,
    ...(outcome.kind === 'published' ? { lastBuild: outcome } : {}),
    ...{ updatedAt: NOW, workflowId: 'w', runId: 'r' },
  };
}
