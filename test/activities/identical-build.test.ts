import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { writeJson } from '../../activities/atomic-file.ts';
import { findIdenticalBuild, type Published } from '../../activities/identical-build.ts';
import { outcomeActivities } from '../../activities/outcomes.ts';
import { runProgram } from '../../activities/run-program.ts';
import { type KeyDatabase, makeKeyDatabase } from '../../activities/verify-signature.ts';
import { parseElf } from '../../kabi/elf.ts';
import { readFixture } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { INPUT, SOURCE } from '../support/plan-facts.ts';
import { makeScratch } from '../support/scratch.ts';

const signal = new AbortController().signal;
const CELL = { stream: 'lab', kmod: 'demo', release: '6.1.0-54-amd64' };
const MODULE = readFixture('modules/virtio_dma_buf.ko');
const withoutRpmbuild = {
  skip: spawnSync('rpmbuild', ['--version']).error ? 'no rpmbuild' : false,
};
const signer = await makeGpgRig();
const made = await makeScratch();
after(async () => {
  await signer[Symbol.asyncDispose]();
  await made[Symbol.asyncDispose]();
});

interface BuildOptions {
  readonly buildNumber?: number;
  readonly module?: Uint8Array;
  readonly isCompressed?: boolean;
  /** Lines of the preamble. */
  readonly preamble?: string;
  /** What follows the files. */
  readonly more?: string;
}

/** Builds a real package around a real module, as one that came out of a build. */
async function build(options: BuildOptions = {}): Promise<string> {
  const {
    buildNumber = 1,
    module = MODULE,
    isCompressed = false,
    preamble = '',
    more = '',
  } = options;
  const top = made.at(`build-${Math.random()}`);
  await mkdir(top);
  const file = join(top, 'demo.ko');
  await writeFile(file, module);
  if (isCompressed) await runProgram(['xz', '--check=crc32', file]);
  const name = isCompressed ? 'demo.ko.xz' : 'demo.ko';
  const release = `1.k6.1.0_54_amd64.b${buildNumber}`;
  await writeFile(
    join(top, 'kmod-demo.spec'),
    `Name: kmod-demo
Version: 1.0
Release: ${release}
Summary: Demo
License: MIT
AutoReqProv: no
${preamble}
%define __os_install_post %{nil}
%description
Demo.
%install
install -D -m 0644 ${join(top, name)} %{buildroot}/lib/modules/${CELL.release}/extra/demo/${name}
mkdir -p %{buildroot}/usr/share/doc/kmod-demo-1.0-%{release}
%post
echo kmod-demo-1.0-%{release}
%files
/lib/modules/${CELL.release}
/usr/share/doc/kmod-demo-1.0-%{release}
${more}
`,
  );
  const defines = [`_topdir ${top}`, `_buildhost host${buildNumber}`].flatMap((macro) => [
    '--define',
    macro,
  ]);
  await runProgram(['rpmbuild', '-bb', ...defines, join(top, 'kmod-demo.spec')]);
  const [rpm = ''] = await readdir(join(top, 'RPMS'), { recursive: true }).then((names) =>
    names.filter((path) => path.endsWith('.rpm')),
  );
  return join(top, 'RPMS', rpm);
}

/** The build that is published in most tests. */
const BASE: Promise<string> = withoutRpmbuild.skip ? Promise.resolve('') : build();
const KEYS: Promise<KeyDatabase> = mkdir(made.at('keys')).then(() =>
  makeKeyDatabase(made.at('keys'), [signer.publicKeyFile]),
);

/** Publishes a package as rekmod would: signed, served and recorded. */
async function publish(rig: DataRig, rpm: string, isSigned = true): Promise<Published> {
  const folder = join(rig.data.repositories, 'kmods', 'current', 'Packages');
  await mkdir(folder, { recursive: true });
  const fileName = 'kmod-demo.rpm';
  const path = join(folder, fileName);
  await copyFile(rpm, path);
  if (isSigned) await signer.signRpm(path);
  const nevra = { name: 'kmod-demo', epoch: 0, version: '1.0', release: '1', arch: 'x86_64' };
  const outcome: Published = {
    kind: 'published',
    packages: [{ fileName, nevra, ...(await rig.store.addFile(path)) }],
    repository: 'kmods',
    snapshot: '000001',
    build: {
      ...{ inputDigest: INPUT, sourceDigest: SOURCE, buildNumber: 1, durationMs: 1 },
      modules: { ...(await rig.store.addText('[]')), moduleCount: 1 },
      attemptLog: 'logs/a.log',
    },
  };
  const verdict = { kind: 'rebuild', why: 'never-built' } as const;
  await inActivity(() =>
    outcomeActivities(rig).recordOutcome({ ...CELL, arch: 'x86_64', verdict, outcome }),
  );
  return outcome;
}

async function find(
  rig: DataRig,
  rpm: string,
  repository = 'kmods',
): Promise<Published | undefined> {
  const settings = settingsOf({ streams: [streamOf({ repository })] });
  const publicKeys = await KEYS;
  return await findIdenticalBuild(CELL, [rpm], { ...rig, settings, publicKeys, signal });
}

/** The module with one byte of its first instructions changed. */
function changeCode(): Uint8Array {
  const module = Uint8Array.from(MODULE);
  const code = parseElf(module).sections.find(({ name }) => name === '.text');
  if (code?.bytes[0] === undefined) throw new Error('no code');
  code.bytes[0] ^= 1;
  return module;
}

function sign(module: Uint8Array): Uint8Array {
  return Buffer.concat([module, Buffer.from(`signature~Module signature appended~\n`)]);
}

const SAME: readonly [why: string, options: BuildOptions][] = [
  ['another build number and host', { buildNumber: 2 }],
  ['a module that is not signed as the published one is', { module: sign(MODULE) }],
  ['a module that is compressed', { isCompressed: true }],
];
for (const [why, options] of SAME) {
  test(`findIdenticalBuild() finds the published build for ${why}`, withoutRpmbuild, async () => {
    await using rig = await makeDataRig();
    const published = await publish(rig, await BASE);

    assert.deepEqual(await find(rig, await build({ buildNumber: 2, ...options })), published);
  });
}

const DIFFERENT: readonly [why: string, options: BuildOptions][] = [
  ['other code', { module: changeCode() }],
  ['another requirement', { preamble: 'Requires: kernel(printk) = 0x12345678' }],
  ['another script', { more: '%preun\necho bye\n' }],
  ['what it replaces', { preamble: 'Obsoletes: kmod-old < 2' }],
];
for (const [why, options] of DIFFERENT) {
  test(`findIdenticalBuild() finds none for ${why}`, withoutRpmbuild, async () => {
    await using rig = await makeDataRig();
    await publish(rig, await BASE);

    assert.equal(await find(rig, await build({ buildNumber: 2, ...options })), undefined);
  });
}

test(
  'findIdenticalBuild() finds none that is not served, not signed by this key, or elsewhere',
  withoutRpmbuild,
  async () => {
    await using rig = await makeDataRig();
    const rpm = await BASE;
    assert.equal(await find(rig, rpm), undefined, 'nothing was published');

    await publish(rig, rpm, false);
    assert.equal(await find(rig, rpm), undefined, 'it is not signed');

    await publish(rig, rpm);
    assert.ok(await find(rig, rpm));
    assert.equal(await find(rig, rpm, 'other'), undefined, 'the stream publishes elsewhere by now');
    const current = join(rig.data.repositories, 'kmods', 'current');
    const content = { packages: [], withheld: [], lingering: { 'Packages/kmod-demo.rpm': NOW } };
    await writeJson(join(current, '.packages.json'), content);
    assert.equal(await find(rig, rpm), undefined, 'it is there and not listed');
    await rm(join(current, '.packages.json'));
    await rm(join(current, 'Packages', 'kmod-demo.rpm'));
    assert.equal(await find(rig, rpm), undefined, 'it is served no more');
  },
);
