import { z } from 'zod';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import {
  BUILD_TYPE,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
  type Statement,
} from '../../model/provenance.ts';

/** One of a kmod with hundreds of macros and providers has 50 kB. */
export const MAX_STATEMENT_BYTES = 256 * 1024;

const Text = z.string().max(4096);
const Texts = z.record(Text, Text);
const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const Descriptor = z.strictObject({
  name: Text,
  uri: Text.optional(),
  digest: z.record(Text, z.string().regex(/^[0-9a-f]{1,128}$/)),
  mediaType: Text.optional(),
  annotations: z.record(Text, z.unknown()).optional(),
});

const Schema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.tuple([
    z.strictObject({
      name: z.string().regex(/^[^/\s]{1,255}\.rpm$/),
      digest: z.strictObject({ sha256: Digest }),
    }),
  ]),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: z.literal(BUILD_TYPE),
      externalParameters: z.strictObject({
        ...{ kmod: Text, stream: Text, kernel: Text, arch: Text },
        source: Texts,
      }),
      internalParameters: z.strictObject({
        buildNumber: z.int().positive(),
        ...{ dialect: Text, spec: Text, specSha256: Digest, defines: Texts, target: Text },
        verdict: z.strictObject({ kind: Text, why: Text, sentence: Text }),
      }),
      resolvedDependencies: z.array(Descriptor).max(1024),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({ id: Text, version: Texts }),
      metadata: z.strictObject({ invocationId: Text, startedOn: Text, finishedOn: Text }),
      byproducts: z.array(Descriptor).max(64),
    }),
  }),
});

/**
 * Reads a statement that rekmod wrote; anything else is refused, other statements too.
 *
 * @param name Named in errors, e.g. `kmod-jool-….rpm.intoto.json`.
 * @throws {ContentInvalidError} If it is not one.
 */
export function readStatement(bytes: Uint8Array, name: string): Statement {
  if (bytes.length > MAX_STATEMENT_BYTES) {
    const detail = `expected at most ${MAX_STATEMENT_BYTES} bytes, found ${bytes.length}`;
    throw new ContentInvalidError(name, detail);
  }
  const found = Schema.safeParse(parseJson(bytes, name));
  if (found.success) return toStatement(found.data);
  const [issue] = found.error.issues;
  const where = issue?.path.join('.') || 'its top';
  const detail = `expected a provenance statement of rekmod, found at ${where}: ${issue?.message}`;
  throw new ContentInvalidError(name, detail);
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ContentInvalidError(name, 'expected JSON, found other content', { cause });
  }
}

type Parsed = z.infer<typeof Schema>;

/** Drops the fields that are there and undefined, which the model does not know. */
function toStatement(parsed: Parsed): Statement {
  const { buildDefinition, runDetails } = parsed.predicate;
  return {
    ...parsed,
    predicate: {
      buildDefinition: {
        ...buildDefinition,
        resolvedDependencies: buildDefinition.resolvedDependencies.map(toDescriptor),
      },
      runDetails: { ...runDetails, byproducts: runDetails.byproducts.map(toDescriptor) },
    },
  };
}

function toDescriptor({ name, digest, uri, mediaType, annotations }: z.infer<typeof Descriptor>) {
  return {
    ...{ name, digest },
    ...(uri === undefined ? {} : { uri }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
