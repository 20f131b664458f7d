import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Context } from '@temporalio/activity';
import type { Buildroot } from '../../containers/backend.ts';
import type { BuiltPackage } from '../../model/cell.ts';
import type { PlannedCell } from '../../model/plan.ts';
import type { BuildInputs } from '../../model/provenance.ts';
import type { Settings } from '../../model/settings.ts';
import type { Sha256Hex, StoredFile } from '../../model/store.ts';
import { writeStatement } from '../../report/write-statement.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { requireKernel } from '../assess.ts';
import type { ContentStore } from '../content-store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Records } from '../records.ts';
import { requireNamed } from '../require-named.ts';
import { verifyDetached } from '../verify-signature.ts';
import { describeSource } from './source-facts.ts';
import { nameStatement } from './statement-names.ts';

export interface ProvenanceDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  /** Where the signer puts what it signed. */
  readonly signed: ContentStore;
  readonly records: Records;
  /** The public half of the key that signs now. */
  readonly currentKeyFile: string;
  /** Of rekmod. */
  readonly version: string;
}

/** A signed package and what is said of it. */
export interface StatedPackage {
  readonly package: BuiltPackage;
  /** JSON text in the store. */
  readonly statement: StoredFile;
}

/** What is known of a build that is to be told. */
export interface ProvenanceRequest {
  readonly cell: PlannedCell;
  readonly packages: readonly BuiltPackage[];
  readonly buildroot: Buildroot;
  readonly build: {
    readonly inputs: BuildInputs;
    readonly buildNumber: number;
    readonly durationMs: number;
    readonly attemptLog: string;
    readonly given?: Readonly<Record<string, Sha256Hex>>;
  };
  readonly modules: { readonly sha256: Sha256Hex; readonly moduleCount: number };
}

/** See {@link provenanceActivities}. */
export type ProvenanceActivities = ReturnType<typeof provenanceActivities>;

/** Activities that say where packages come from; the signer signs what they say. */
export function provenanceActivities(deps: ProvenanceDeps) {
  const { settings, data, store, signed, records, currentKeyFile, version } = deps;

  /** Writes a statement about each package of a build into the store. */
  async function writeProvenance(request: ProvenanceRequest): Promise<readonly StatedPackage[]> {
    const { cell, packages, build, modules, buildroot } = request;
    const kernel = await requireKernel(records, cell);
    const { workflowId = '', runId = '' } = Context.current().info.workflowExecution ?? {};
    const kmod = requireNamed(settings.kmods, 'tell the origin of', 'kmod', cell.kmod);
    const { target } = requireNamed(settings.streams, 'tell of', 'stream', cell.stream);
    const { attemptLog, given = {}, ...facts } = build;
    const log = { path: attemptLog, sha256: await digestFile(data.absolute(attemptLog)) };
    const source = await describeSource(kmod, cell.sourceDigest, data);
    const { nevra, sha256 } = kernel.devel;
    const kernelDevel = { nevra: formatNevra(nevra), sha256 };
    const stated: StatedPackage[] = [];
    for (const subject of packages) {
      const text = writeStatement({
        ...{ ...facts, subject, cell, target, source, kernelDevel, buildroot, given, log },
        ...{ modules, version, workflowId, runId },
      });
      stated.push({ package: subject, statement: await store.addText(text) });
    }
    return stated;
  }

  /**
   * Takes over what the signer made of statements, which is not believed either.
   *
   * @param request Its signatures are in the order of the packages.
   * @returns The packages with their provenance.
   * @throws {SignatureRefusedError} If a signature is not that of the statement by the current key.
   */
  async function takeProvenance(request: {
    readonly stated: readonly StatedPackage[];
    readonly signatures: readonly StoredFile[];
  }): Promise<readonly BuiltPackage[]> {
    return await withHeartbeat(async (signal) => {
      const packages: BuiltPackage[] = [];
      for (const [index, { package: file, statement }] of request.stated.entries()) {
        const signature = request.signatures[index];
        if (signature === undefined) throw new Error('BUG: a statement has no signature');
        const path = await signed.require(signature);
        const content = await readFile(await store.require(statement));
        await verifyDetached(nameStatement(file.fileName), content, {
          signature: await readFile(path),
          keyFiles: [currentKeyFile],
          scratch: data.scratch,
          signal,
        });
        packages.push({
          ...file,
          provenance: { statement, signature: await store.addFile(path) },
        });
      }
      return packages;
    });
  }

  return { writeProvenance, takeProvenance };
}

async function digestFile(path: string): Promise<Sha256Hex> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
