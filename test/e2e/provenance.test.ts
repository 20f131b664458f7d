import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readStatement } from '../../activities/provenance/read-statement.ts';
import { runProgram } from '../../activities/run-program.ts';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { CellRecord } from '../../model/cell.ts';
import type { ResourceDescriptor, Statement } from '../../model/provenance.ts';
import { makeFamily } from '../support/family-kmods.ts';
import { type ModuleKeyRig, makeModuleKey } from '../support/module-key-rig.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const BUILD_TIMEOUT_MS = 120_000;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-provenance-'));
const KMODS = ['thinkpad-ec', 'tp-smapi'] as const;
let world: World;
let moduleKey: ModuleKeyRig;

before(async () => {
  const { kmods } = await makeFamily(lab, join(directory, 'family'));
  const moreKmods = Object.fromEntries(KMODS.map((name) => [name, kmods[name] ?? '']));
  moduleKey = await makeModuleKey('modules of the lab');
  const { key, certificate } = moduleKey.settings;
  // Signatures are made after the build, and must not look like a difference.
  const extra = `signing:\n  modules: { key: ${key}, certificate: ${certificate} }`;
  const options = { directory, released: [first], kmods: [], moreKmods, extra };
  world = await World.create(lab, options);
  await world.up();
  await world.waitFor(
    'both kmods',
    ({ cells }) =>
      KMODS.every((kmod) => cells.some((cell) => cell.kmod === kmod && cell.state === 'built')),
    BUILD_TIMEOUT_MS,
  );
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await moduleKey[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
  await removeWorld(directory);
});

async function download(path: string): Promise<Buffer> {
  const answer = await fetch(`${world.serverUrl}/repositories/kmods/${path}`);
  assert.equal(answer.status, 200, path);
  return Buffer.from(await answer.arrayBuffer());
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function servedPackage(kmod: string): Promise<string> {
  const names = await readdir(join(world.home, 'repositories', 'kmods', 'current', 'Packages'));
  const found = names.find((name) => name.startsWith(`kmod-${kmod}-`));
  assert.ok(found, names.join(', '));
  return found;
}

async function recordOf(kmod: string): Promise<CellRecord> {
  const { stdout } = await world.rekmod('why', kmod, first, '--json');
  const [{ record }]: readonly [{ readonly record: CellRecord }] = JSON.parse(stdout);
  return record;
}

async function statementOf(fileName: string): Promise<Statement> {
  return readStatement(await download(`provenance/${fileName}.intoto.json`), fileName);
}

function dependency(statement: Statement, name: string): ResourceDescriptor {
  const { resolvedDependencies } = statement.predicate.buildDefinition;
  const found = resolvedDependencies.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

test('a statement lies beside each package, and its digests are those of real files', async () => {
  const record = await recordOf('tp-smapi');
  const fileName = await servedPackage('tp-smapi');
  const statement = await statementOf(fileName);
  const { buildDefinition, runDetails } = statement.predicate;
  const kernelRpm = lab.kernels.find(({ role }) => role === 'first')?.rpms.find(isDevel) ?? '';
  const log = join(world.home, record.lastBuild?.build.attemptLog ?? '');

  const [subject] = statement.subject;
  assert.equal(subject.name, fileName);
  assert.equal(subject.digest.sha256, sha256(await download(`Packages/${fileName}`)));
  assert.deepEqual(dependency(statement, 'kernel-devel').digest, {
    sha256: sha256(await readFile(kernelRpm)),
  });
  const [{ digest } = { digest: {} }] = runDetails.byproducts;
  assert.deepEqual(digest, { sha256: sha256(await readFile(log)) });
  assert.equal(buildDefinition.externalParameters.kernel, first);
  assert.match(buildDefinition.internalParameters.verdict.sentence, /^rebuild: /);
  assert.equal(dependency(statement, 'builder-image').annotations?.image, lab.image);
  assert.match(dependency(statement, 'provider-symbols').digest.sha256 ?? '', /^[0-9a-f]{64}$/);
  const { annotations, digest: given } = dependency(statement, 'provider-package');
  assert.deepEqual(given, { sha256: sha256(await download(`Packages/${annotations?.fileName}`)) });
  assert.equal(runDetails.metadata.invocationId, `${record.workflowId}/${record.runId}`);
});

function isDevel(path: string): boolean {
  return /kernel-devel/.test(path);
}

test('gpg verifies it with the public key of the repository alone, and refuses a changed byte', async () => {
  const name = `${await servedPackage('tp-smapi')}.intoto.json`;
  const statement = await download(`provenance/${name}`);
  const [file, home] = [join(directory, name), await mkdtemp(join(directory, 'gnupg-'))];
  await writeFile(file, statement);
  await writeFile(`${file}.asc`, await download(`provenance/${name}.asc`));
  await writeFile(join(directory, 'key'), await download('RPM-GPG-KEY-rekmod'));
  const gpg = ['gpg', '--homedir', home, '--batch'] as const;
  await runProgram([...gpg, '--import', join(directory, 'key')]);

  const good = await runProgram([...gpg, '--verify', `${file}.asc`, file]);
  statement[statement.length - 10] = (statement.at(-10) ?? 0) ^ 1;
  await writeFile(file, statement);
  const bad = await runProgram([...gpg, '--verify', `${file}.asc`, file], { okCodes: [1] });

  assert.match(good.stderr, /Good signature/);
  assert.match(bad.stderr, /BAD signature/);
  await runProgram(['gpgconf', '--homedir', home, '--kill', 'all']);
});

test('reproduce tells what was used, and --run makes the same again with what it was given', async () => {
  const told = await world.rekmod('reproduce', 'tp-smapi', first);
  const again = await world.rekmod('reproduce', 'tp-smapi', first, '--run');
  const provider = await world.rekmod('reproduce', 'thinkpad-ec', first, '--run', '--json');

  assert.match(told.stdout, /^tp-smapi for kernel .* was made of$/m);
  assert.match(told.stdout, /given +kmod-thinkpad-ec-devel/);
  assert.equal(again.exitCode, 0, again.stdout + again.stderr);
  assert.match(
    again.stdout,
    /^tp-smapi for kernel .* is reproduced: nothing differs in\n {2}kmod-tp-/,
  );
  const { differences, remarks } = JSON.parse(provider.stdout);
  assert.deepEqual({ differences, remarks }, { differences: [], remarks: [] });
});

test('the folder of --output makes the same again without rekmod, and names what differs', async () => {
  const folder = join(directory, 'folder');
  const written = await world.rekmod('reproduce', 'tp-smapi', first, '--output', folder);
  assert.equal(written.exitCode, 0, written.stderr);
  const script = ['sh', join(folder, 'reproduce.sh')] as const;

  const same = await runProgram(script, { timeoutMs: BUILD_TIMEOUT_MS, okCodes: [0, 1, 2] });
  assert.equal(same.exitCode, 0, same.stdout + same.stderr);
  assert.match(same.stderr, /is reproduced: nothing differs/);

  // A machine that has the image and not the buildroot.
  const recipe = join(folder, 'recipe.sh');
  const known = await readFile(recipe, 'utf8');
  await replaceFile(folder, 'recipe.sh', known.replace(/^buildroot=.*$/m, "buildroot='none'"));
  const made = await runProgram(script, { timeoutMs: BUILD_TIMEOUT_MS, okCodes: [0, 1, 2] });
  assert.equal(made.exitCode, 0, made.stdout + made.stderr);
  assert.match(made.stderr, /The buildroot none is not here/);
  await replaceFile(folder, 'recipe.sh', known);

  const spec = /^spec='(.*)'$/m.exec(known)?.[1] ?? '';
  const path = join(folder, 'input', spec);
  const other = (await readFile(path, 'utf8'))
    .replace(/^Summary:.*$/m, 'Summary: Other')
    .replace(' KCFLAGS=', ' CFLAGS_MODULE=-fno-inline KCFLAGS=');
  await writeFile(path, other);
  const refused = await runProgram(script, { okCodes: [2] });
  assert.match(refused.stderr, /FAILED/);
  await replaceFile(folder, `input/${spec}`, other);
  const differs = await runProgram(script, { timeoutMs: BUILD_TIMEOUT_MS, okCodes: [0, 1, 2] });
  assert.equal(differs.exitCode, 1, differs.stdout + differs.stderr);
  assert.match(differs.stdout, /: the header differs: /);
  assert.match(differs.stdout, /tp_smapi\.ko differs$/m);
});

/** Writes a file of the folder, and its digest into the list. */
async function replaceFile(folder: string, path: string, text: string): Promise<void> {
  await writeFile(join(folder, path), text);
  const sums = join(folder, 'SHA256SUMS');
  const others = (await readFile(sums, 'utf8')).split('\n').filter((line) => {
    return line !== '' && !line.endsWith(`  ${path}`);
  });
  await writeFile(sums, [...others, `${sha256(Buffer.from(text))}  ${path}`, ''].join('\n'));
}

test('reproduce refuses a source that has changed since, and what was never built', async () => {
  const spec = join(directory, 'family', 'tp-smapi', 'tp-smapi-kmod.spec');
  await writeFile(spec, `${await readFile(spec, 'utf8')}\n# changed\n`);

  const changed = await world.rekmod('reproduce', 'tp-smapi', first, '--run');
  const unknown = await world.rekmod('reproduce', 'no-such-kmod', first);

  assert.equal(changed.exitCode, 3);
  assert.match(changed.stderr, /expected the source that was built .*it has changed since/);
  assert.equal(unknown.exitCode, 3);
});
