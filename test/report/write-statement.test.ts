import assert from 'node:assert/strict';
import test from 'node:test';
import type { Statement } from '../../model/provenance.ts';
import { type ProvenanceFacts, writeStatement } from '../../report/write-statement.ts';

const digest = (digit: string): string => digit.repeat(64);

const FACTS: ProvenanceFacts = {
  subject: { fileName: 'kmod-jool-4.1.9-1.b1.x86_64.rpm', sha256: digest('1') },
  cell: {
    ...{ stream: 'lab', kmod: 'jool', release: '6.1.0-54', arch: 'x86_64', wave: 0, needs: [] },
    verdict: { kind: 'rebuild', why: 'never-built' },
    ...{ required: true, sourceDigest: digest('2'), inputDigest: digest('3'), buildNumber: 1 },
  },
  buildNumber: 1,
  inputs: {
    startedAt: '2026-11-23T12:00:00.750Z',
    dialect: 'elrepo',
    spec: { name: 'jool.spec', sha256: digest('4') },
    defines: { kversion: '6.1.0-54', a: 'b' },
    symbols: { sha256: digest('5'), sizeBytes: 50 },
    packages: [{ fileName: 'kmod-ec-devel.rpm', sha256: digest('6'), sizeBytes: 60 }],
  },
  target: 'lab',
  source: {
    description: { kind: 'git', url: 'https://git.example.org/jool.git', ref: 'head' },
    uri: 'git+https://git.example.org/jool.git@abc',
    digest: { gitCommit: 'abc' },
  },
  kernelDevel: { nevra: 'kernel-devel-6.1.0-54.x86_64', sha256: digest('7') },
  buildroot: {
    ...{ id: `sha256:${digest('8')}`, digest: digest('9') },
    toolchain: { kernelConfig: ['CONFIG_GCC_VERSION=120200'], compilers: ['gcc (Debian) 12.2.0'] },
    image: { name: 'example.org/builder:9', id: `sha256:${digest('a')}` },
  },
  given: { zfs: digest('c'), ec: digest('b') },
  log: { path: 'logs/a.log', sha256: digest('d') },
  modules: { sha256: digest('e'), moduleCount: 2 },
  version: '0.1.0',
  workflowId: 'rebuild/jool/lab/6.1.0-54',
  runId: '01a2',
  durationMs: 1500,
};

function read(facts: ProvenanceFacts): Statement {
  return JSON.parse(writeStatement(facts));
}

test('writeStatement() names types, subject and run as in-toto and SLSA want them', () => {
  const { _type, predicateType, subject, predicate } = read(FACTS);

  assert.equal(_type, 'https://in-toto.io/Statement/v1');
  assert.equal(predicateType, 'https://slsa.dev/provenance/v1');
  assert.deepEqual(subject, [{ name: FACTS.subject.fileName, digest: { sha256: digest('1') } }]);
  assert.deepEqual(predicate.runDetails.builder.version, { rekmod: '0.1.0' });
  assert.deepEqual(predicate.runDetails.metadata, {
    invocationId: 'rebuild/jool/lab/6.1.0-54/01a2',
    startedOn: '2026-11-23T12:00:00Z',
    finishedOn: '2026-11-23T12:00:02Z',
  });
  assert.deepEqual(
    predicate.runDetails.byproducts.map((one) => one.digest.sha256),
    [digest('d'), digest('e')],
  );
});

test('writeStatement() lists everything that went in by its digests', () => {
  const { resolvedDependencies } = read(FACTS).predicate.buildDefinition;

  assert.deepEqual(
    resolvedDependencies.map((one) => [one.name, one.digest]),
    [
      ['kernel-devel', { sha256: digest('7') }],
      ['source', { gitCommit: 'abc', rekmodSource: digest('2') }],
      ['buildroot', { rekmodBuildroot: digest('9'), sha256: digest('8') }],
      ['builder-image', { sha256: digest('a') }],
      ['provider-symbols', { sha256: digest('5') }],
      ['provider-package', { sha256: digest('6') }],
      ['kmod:ec', { rekmodInput: digest('b') }],
      ['kmod:zfs', { rekmodInput: digest('c') }],
    ],
  );
});

test('writeStatement() says the verdict in words and its kind', () => {
  const { internalParameters } = read(FACTS).predicate.buildDefinition;

  assert.deepEqual(internalParameters.verdict, {
    kind: 'rebuild',
    why: 'never-built',
    sentence: 'rebuild: never built before',
  });
  assert.deepEqual(internalParameters.defines, { a: 'b', kversion: '6.1.0-54' });
});

test('writeStatement() gives the same bytes whatever the order of the facts', () => {
  const turned = Object.fromEntries(Object.entries(FACTS.inputs.defines).reverse());
  const other = { ...FACTS, inputs: { ...FACTS.inputs, defines: turned } };

  assert.equal(writeStatement(other), writeStatement(FACTS));
});

test('writeStatement() leaves out what was not given, as a build in mock knows no image', () => {
  const { symbols, packages, ...inputs } = FACTS.inputs;
  const buildroot = { id: `mock:${digest('9')}`, digest: digest('9') };
  const { predicate } = read({ ...FACTS, inputs, buildroot, given: {} });

  assert.deepEqual(
    predicate.buildDefinition.resolvedDependencies.map((one) => [one.name, one.digest]),
    [
      ['kernel-devel', { sha256: digest('7') }],
      ['source', { gitCommit: 'abc', rekmodSource: digest('2') }],
      ['buildroot', { rekmodBuildroot: digest('9') }],
    ],
  );
});
