import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import { openContentStore } from '../../activities/content-store.ts';
import { findUnsignedModules } from '../../activities/find-unsigned-modules.ts';
import { type ModuleKey, openModuleKey } from '../../activities/module-key.ts';
import { openRpm } from '../../activities/rpm-file.ts';
import { runProgram } from '../../activities/run-program.ts';
import { signActivities } from '../../activities/sign.ts';
import { signMetadataActivities } from '../../activities/sign-metadata.ts';
import { openSignatureLog } from '../../activities/signature-log.ts';
import { openSigningKey } from '../../activities/signing-key.ts';
import type { VerifiedPackage } from '../../activities/verify.ts';
import { verifyDetached } from '../../activities/verify-signature.ts';
import { verifySignedActivities } from '../../activities/verify-signed.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { BuiltPackage } from '../../model/cell.ts';
import { RepodataParseError } from '../../model/parse-errors.ts';
import { fixturePath, readFixture } from '../kabi/fixtures.ts';
import { EXECUTION, inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { makeModuleKey } from '../support/module-key-rig.ts';

const A = 'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm';
const B = 'kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm';
const DEVEL = 'kernel-devel-6.1.0-54.el9.x86_64.rpm';
const signal = new AbortController().signal;

// One key of each kind for all tests: making them takes the longest of all.
const gpg = await makeGpgRig();
const modules = await makeModuleKey();
after(async () => {
  await gpg[Symbol.asyncDispose]();
  await modules[Symbol.asyncDispose]();
});

interface SignRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly moduleKey: ModuleKey;
  readonly sign: (...packages: readonly VerifiedPackage[]) => Promise<readonly BuiltPackage[]>;
  readonly signMetadata: (repomd: string) => Promise<string>;
  /** What the check of a signer that signs modules says of its result. */
  readonly check: (
    built: readonly VerifiedPackage[],
    signed: readonly BuiltPackage[],
  ) => Promise<readonly string[]>;
  add(path: string, fileName?: string): Promise<VerifiedPackage>;
  signedPath(file: BuiltPackage): Promise<string>;
  putSigned(path: string, like: BuiltPackage): Promise<BuiltPackage>;
  log(): Promise<readonly Record<string, unknown>[]>;
}

async function startSignRig({ signsModules = true } = {}): Promise<SignRig> {
  const rig = await makeDataRig();
  const key = await openSigningKey({ gnupgHome: gpg.home }, rig.data);
  await mkdir(rig.scratch.at('probe'));
  const probe = { scratch: rig.scratch.at('probe'), signal };
  const moduleKey = await openModuleKey(modules.settings, probe);
  const signed = openContentStore(rig.scratch.at('signed'));
  const logFile = rig.scratch.at('signatures.jsonl');
  const log = openSignatureLog(logFile, rig.now);
  const deps = { ...rig, key, signed, log, ...(signsModules ? { moduleKey } : {}) };
  const { signPackages } = signActivities(deps);
  const { signMetadata } = signMetadataActivities(deps);
  const { verifySigned } = verifySignedActivities({
    ...{ store: rig.store, signed, publicKeys: key.publicKeys },
    moduleCertificate: moduleKey.certificate,
  });
  return {
    rig,
    moduleKey,
    sign: (...packages) => inActivity(() => signPackages({ packages })),
    signMetadata: (repomd) => inActivity(() => signMetadata({ repository: 'kmods', repomd })),
    check: (built, files) => inActivity(() => verifySigned({ built, signed: files })),
    async add(path, fileName = path.split('/').at(-1) ?? '') {
      const { nevra } = (await openRpm(path)).header;
      return { fileName, nevra, ...(await rig.store.addFile(path)) };
    },
    signedPath: (file) => signed.require(file),
    putSigned: async (path, like) => ({ ...like, ...(await signed.addFile(path)) }),
    async log() {
      const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line));
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

test('signPackages() signs modules and packages so that the public halves say so', async () => {
  await using station = await startSignRig();
  const built = [
    await station.add(fixturePath(`rpms/${A}`)),
    await station.add(fixturePath(`rpms/${DEVEL}`)),
  ];

  const signed = await station.sign(...built);

  assert.deepEqual(await station.check(built, signed), []);
  assert.deepEqual(
    signed.map(({ fileName, nevra }) => ({ fileName, nevra })),
    built.map(({ fileName, nevra }) => ({ fileName, nevra })),
  );
  for (const file of signed) assert.ok(await station.rig.store.find(file.sha256));
  assert.deepEqual(await readdir(station.rig.data.scratch), []);
});

for (const [extension, compress] of [
  ['xz', ['xz', '-9']],
  ['zst', ['zstd', '-q', '--rm', '-3']],
  ['gz', ['gzip']],
] as const) {
  test(`signPackages() signs a module that is compressed as .ko.${extension}`, async () => {
    await using station = await startSignRig();
    const built = [await station.add(await buildRpm(station.rig, extension, compress))];

    const [signed] = await station.sign(...built);

    assert.ok(signed);
    assert.deepEqual(await station.check(built, [signed]), []);
    const path = await station.signedPath(signed);
    assert.deepEqual(await findUnsignedModules(path, station.moduleKey.certificate, signal), []);
    const { files } = (await openRpm(path)).header;
    assert.ok(files.some((file) => file.path.endsWith(`/demo.ko.${extension}`)));
  });
}

test('signPackages() refuses a module of several names, of which only one has the content', async () => {
  await using station = await startSignRig();
  const path = await buildRpm(station.rig, 'gz', ['gzip'], 'ln demo.ko.gz other.ko.gz');

  const built = await station.add(path);

  await assert.rejects(station.sign(built), /expected a file of one name, found 2 names$/);
  assert.equal((await station.log()).at(-1)?.result, 'failed');
});

test('signPackages() leaves modules as they were built where nothing else is wanted', async () => {
  await using station = await startSignRig({ signsModules: false });
  const built = [await station.add(fixturePath(`rpms/${A}`))];

  const [signed] = await station.sign(...built);

  assert.ok(signed);
  const { header } = await openRpm(await station.signedPath(signed));
  assert.deepEqual(header.files, (await openRpm(fixturePath(`rpms/${A}`))).header.files);
  assert.match((await station.check(built, [signed]))[0] ?? '', /virtio_dma_buf\.ko: expected a/);
});

test('signPackages() writes a line for every signature, and for what it could not sign', async () => {
  await using station = await startSignRig();
  const built = await station.add(fixturePath(`rpms/${B}`));

  const [signed] = await station.sign(built);
  const broken = { ...built, ...(await station.rig.store.addText('no package')) };
  await assert.rejects(station.sign(broken));

  const [module, rpm, failed, ...more] = await station.log();
  const requester = { ...EXECUTION, activity: 'test', attempt: 1 };
  const content = createHash('sha256').update(readFixture('modules/virtio_dma_buf.ko'));
  assert.equal(module?.at, NOW);
  assert.equal(module?.inside, B);
  assert.equal(module?.before, content.digest('hex'));
  assert.equal(module?.key, station.moduleKey.certificate.fingerprint);
  assert.deepEqual(
    { ...rpm, before: undefined, key: undefined },
    {
      ...{ at: NOW, what: 'package', name: B, before: undefined, after: signed?.sha256 },
      ...{ key: undefined, result: 'signed', ...requester },
    },
  );
  assert.match(String(rpm?.key), /^[0-9A-F]{40}$/);
  assert.equal(failed?.result, 'failed');
  assert.match(String(failed?.reason), /expected/);
  assert.deepEqual(more, []);
});

test('signPackages() refuses a name that is a path', async () => {
  await using station = await startSignRig();
  const built = await station.add(fixturePath(`rpms/${A}`), '../escape.rpm');

  await assert.rejects(station.sign(built), ContentInvalidError);
});

test('verifySigned() refuses what says something else than what was verified', async () => {
  await using station = await startSignRig();
  const [a, b] = [
    await station.add(fixturePath(`rpms/${A}`)),
    await station.add(fixturePath(`rpms/${B}`)),
  ];
  const [signedA, signedB] = await station.sign(a, b);
  assert.ok(signedA && signedB);

  const swapped = { ...signedB, fileName: a.fileName };
  assert.match((await station.check([a], [swapped]))[0] ?? '', /expected nothing to change but/);
  assert.match((await station.check([a, b], [signedA]))[0] ?? '', /^expected to be signed /);
  assert.equal(await station.rig.store.find(signedA.sha256), undefined);
});

test('verifySigned() refuses a package that nobody signed, or somebody else', async () => {
  await using station = await startSignRig();
  await using stranger = await makeGpgRig();
  const built = await station.add(fixturePath(`rpms/${A}`));
  const [signed] = await station.sign(built);
  assert.ok(signed);
  const path = station.rig.scratch.at('unsigned.rpm');
  await copyFile(await station.signedPath(signed), path);
  await runProgram(['rpmsign', '--delsign', path]);

  const unsigned = await station.putSigned(path, signed);
  assert.match((await station.check([built], [unsigned]))[0] ?? '', /expected a good signature/);
  await stranger.signRpm(path);
  const strange = await station.putSigned(path, signed);
  assert.match((await station.check([built], [strange]))[0] ?? '', /expected a good signature/);
});

const REPOMD = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision></repomd>
`;

test('signMetadata() signs what is a repomd.xml, and writes a line', async () => {
  await using station = await startSignRig();

  const signature = Buffer.from(await station.signMetadata(REPOMD));

  const keyFiles = [gpg.publicKeyFile];
  await verifyDetached('repomd.xml', Buffer.from(REPOMD), {
    ...{ signature, keyFiles, scratch: station.rig.data.scratch, signal },
  });
  const [line] = await station.log();
  assert.deepEqual([line?.what, line?.name], ['metadata', 'kmods/repomd.xml']);
});

test('signMetadata() signs nothing else', async () => {
  await using station = await startSignRig();

  await assert.rejects(station.signMetadata('I owe you a kernel'), RepodataParseError);
  await assert.rejects(
    station.signMetadata(`${REPOMD}${' '.repeat(256 * 1024)}`),
    ContentInvalidError,
  );
});

test('openSignatureLog() goes on behind a line that a crash cut short', async () => {
  await using rig = await makeDataRig();
  const path = rig.scratch.at('log.jsonl');
  const log = openSignatureLog(path, rig.now);
  const record = { what: 'package', name: A, before: '0', key: 'K', result: 'signed' } as const;
  const requester = { ...EXECUTION, activity: 'test', attempt: 1 };

  await log.append([record], requester);
  await appendFile(path, '{"at":"2026');
  await Promise.all([log.append([record], requester), log.append([record], requester)]);

  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  assert.equal(lines.length, 4);
  assert.deepEqual(
    lines.filter((line) => !line.endsWith('2026')).map((line) => JSON.parse(line).name),
    [A, A, A],
  );
});

/** Builds a package by rpm itself whose module is compressed, with a directory and a link besides. */
async function buildRpm(
  { scratch }: DataRig,
  extension: string,
  compress: readonly [string, ...(readonly string[])],
  besides = 'ln -s ../demo link',
): Promise<string> {
  const module = scratch.at('demo.ko');
  await writeFile(module, readFixture('modules/acpi_call.ko'));
  await runProgram([...compress, module]);
  const spec = scratch.at('demo.spec');
  const folder = '/lib/modules/6.1.0-54-amd64/extra/demo';
  await writeFile(
    spec,
    `Name: kmod-demo
Version: 1.0
Release: 1
Summary: Made for a test
License: GPL-3.0-or-later
AutoReqProv: no
%define __os_install_post %{nil}
%description
Made for a test.
%install
install -Dm0644 ${module}.${extension} %{buildroot}${folder}/demo.ko.${extension}
install -Dm0644 %{_specdir}/demo.spec %{buildroot}/usr/share/doc/demo/demo.spec
(cd %{buildroot}${folder} && ${besides})
%files
${folder}
/usr/share/doc/demo
`,
  );
  const macros = [`_topdir ${scratch.at('top')}`, `_specdir ${scratch.path}`];
  const defines = macros.flatMap((macro) => ['--define', macro]);
  await runProgram(['rpmbuild', '--quiet', ...defines, '--target', 'x86_64', '-bb', spec]);
  return scratch.at('top', 'RPMS', 'x86_64', 'kmod-demo-1.0-1.x86_64.rpm');
}
