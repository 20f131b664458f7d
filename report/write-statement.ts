import type { PlannedCell } from '../model/plan.ts';
import {
  BUILD_TYPE,
  BUILDER_ID,
  type BuildInputs,
  DEPENDENCY,
  PREDICATE_TYPE,
  type ResourceDescriptor,
  STATEMENT_TYPE,
  type Statement,
} from '../model/provenance.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { Toolchain } from '../model/toolchain.ts';
import { describeVerdict } from './describe-verdict.ts';

/** Everything that a statement says. */
export interface ProvenanceFacts {
  /** The RPM as it is published. */
  readonly subject: { readonly fileName: string; readonly sha256: Sha256Hex };
  readonly cell: PlannedCell;
  readonly buildNumber: number;
  readonly inputs: BuildInputs;
  readonly target: string;
  readonly source: SourceFacts;
  /** NEVRA and digest of the RPM. */
  readonly kernelDevel: { readonly nevra: string; readonly sha256: Sha256Hex };
  readonly buildroot: BuildrootFacts;
  /** The kmods that were given to the build, with the input digests of their builds. */
  readonly given: Readonly<Record<string, Sha256Hex>>;
  readonly log: { readonly path: string; readonly sha256: Sha256Hex };
  readonly modules: { readonly sha256: Sha256Hex; readonly moduleCount: number };
  /** Of rekmod, e.g. `0.1.0`. */
  readonly version: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly durationMs: number;
}

/** Where a source comes from, and what it was. */
export interface SourceFacts {
  readonly description: Readonly<Record<string, string>>;
  readonly uri?: string;
  /** Besides rekmod's own digest of spec and sources, e.g. `{gitCommit: '…'}`. */
  readonly digest?: Readonly<Record<string, string>>;
}

/** Where a build happened. */
export interface BuildrootFacts {
  /** E.g. `sha256:…` of an image, `mock:…`. */
  readonly id: string;
  /** Of everything that went into it. */
  readonly digest: Sha256Hex;
  readonly toolchain?: Toolchain;
  /** The image that it was made from. */
  readonly image?: { readonly name: string; readonly id: string };
}

/**
 * Writes the provenance of one RPM: the same facts give the same bytes.
 *
 * @returns JSON of a {@link Statement}, keys sorted, with a final newline.
 * @see https://slsa.dev/spec/v1.0/provenance
 */
export function writeStatement(facts: ProvenanceFacts): string {
  const { subject, cell, inputs, source } = facts;
  const { fileName: name, sha256 } = subject;
  const statement: Statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256 } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          ...{ kmod: cell.kmod, stream: cell.stream, kernel: cell.release, arch: cell.arch },
          source: source.description,
        },
        internalParameters: {
          ...{ buildNumber: facts.buildNumber, dialect: inputs.dialect, target: facts.target },
          ...{ spec: inputs.spec.name, specSha256: inputs.spec.sha256, defines: inputs.defines },
          verdict: toVerdict(cell.verdict),
        },
        resolvedDependencies: listDependencies(facts),
      },
      runDetails: describeRun(facts),
    },
  };
  return `${JSON.stringify(sortKeys(statement), null, 2)}\n`;
}

function toVerdict(verdict: PlannedCell['verdict']) {
  const why = 'why' in verdict ? verdict.why : verdict.kind;
  return { kind: verdict.kind, why, sentence: describeVerdict(verdict) };
}

function describeRun({
  version,
  workflowId,
  runId,
  inputs,
  durationMs,
  log,
  modules,
}: ProvenanceFacts): Statement['predicate']['runDetails'] {
  return {
    builder: { id: BUILDER_ID, version: { rekmod: version } },
    metadata: {
      invocationId: `${workflowId}/${runId}`,
      startedOn: toSeconds(inputs.startedAt),
      finishedOn: toSeconds(new Date(Date.parse(inputs.startedAt) + durationMs).toISOString()),
    },
    byproducts: [
      { name: 'build-log', digest: { sha256: log.sha256 }, mediaType: 'text/plain' },
      {
        name: 'module-facts',
        digest: { sha256: modules.sha256 },
        mediaType: 'application/json',
        annotations: { moduleCount: modules.moduleCount },
      },
    ],
  };
}

/** The form that SLSA shows has no fractions of seconds. */
function toSeconds(time: string): string {
  return `${time.slice(0, 19)}Z`;
}

function listDependencies(facts: ProvenanceFacts): readonly ResourceDescriptor[] {
  const { kernelDevel, source, cell, inputs, given } = facts;
  const { symbols, packages = [] } = inputs;
  return [
    {
      name: DEPENDENCY.kernelDevel,
      digest: { sha256: kernelDevel.sha256 },
      mediaType: 'application/x-rpm',
      annotations: { nevra: kernelDevel.nevra },
    },
    {
      name: DEPENDENCY.source,
      ...(source.uri === undefined ? {} : { uri: source.uri }),
      digest: { rekmodSource: cell.sourceDigest, ...source.digest },
    },
    ...listBuildroot(facts.buildroot),
    ...(symbols === undefined
      ? []
      : [
          {
            name: DEPENDENCY.symbols,
            digest: { sha256: symbols.sha256 },
            annotations: { sizeBytes: symbols.sizeBytes },
          },
        ]),
    ...packages.map(({ fileName, sha256, sizeBytes }) => ({
      name: DEPENDENCY.package,
      digest: { sha256 },
      mediaType: 'application/x-rpm',
      annotations: { fileName, sizeBytes },
    })),
    ...Object.entries(given)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kmod, inputDigest]) => ({
        name: `kmod:${kmod}`,
        digest: { rekmodInput: inputDigest },
      })),
  ];
}

function listBuildroot({
  id,
  digest,
  toolchain,
  image,
}: BuildrootFacts): readonly ResourceDescriptor[] {
  return [
    {
      name: DEPENDENCY.buildroot,
      digest: { rekmodBuildroot: digest, ...toImageDigest(id) },
      annotations: { id, ...toolchain },
    },
    ...(image === undefined
      ? []
      : [
          {
            name: DEPENDENCY.image,
            digest: { ...toImageDigest(image.id) },
            annotations: { image: image.name, id: image.id },
          },
        ]),
  ];
}

/** Of an image, the digest of its configuration, as Docker and Podman name it. */
function toImageDigest(id: string): Readonly<Record<string, string>> {
  const [, sha256] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(id) ?? [];
  return sha256 === undefined ? {} : { sha256 };
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
