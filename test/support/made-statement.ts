import {
  BUILD_TYPE,
  BUILDER_ID,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
  type Statement,
} from '../../model/provenance.ts';

/** A statement about an RPM, of which the build does not matter. */
export function statementOf(subject: {
  readonly name: string;
  readonly sha256: string;
}): Statement {
  const { name, sha256 } = subject;
  const none = 'a'.repeat(64);
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256 } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          ...{ kmod: 'jool', stream: 'lab', kernel: '6.1.0-54', arch: 'x86_64' },
          source: { kind: 'spec' },
        },
        internalParameters: {
          ...{ buildNumber: 1, dialect: 'elrepo', spec: 'jool.spec', specSha256: none },
          ...{ defines: {}, target: 'lab' },
          verdict: { kind: 'rebuild', why: 'never-built', sentence: 'rebuild: it was never built' },
        },
        resolvedDependencies: [],
      },
      runDetails: {
        builder: { id: BUILDER_ID, version: { rekmod: '0.1.0' } },
        metadata: {
          invocationId: 'rebuild/jool/1',
          startedOn: '2026-11-23T12:00:00Z',
          finishedOn: '2026-11-23T12:00:02Z',
        },
        byproducts: [],
      },
    },
  };
}
