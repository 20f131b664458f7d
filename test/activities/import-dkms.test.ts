import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { runProgram } from '../../activities/run-program.ts';
import { importDkms } from '../../activities/sources/import-dkms.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const signal = new AbortController().signal;
const KERNEL = '6.1.0-55-amd64';
const withoutRpmbuild = {
  skip: spawnSync('rpmbuild', ['--version']).error ? 'no rpmbuild' : false,
};

/** A source whose "compiler" copies a file: what is tested is everything around it. */
const CONF = `PACKAGE_NAME="demo-dkms"
PACKAGE_VERSION="1.0-2"
MAKE[0]="false"
MAKE[1]="./compile \${kernelver} \${dkms_tree}/\${PACKAGE_NAME}/\${PACKAGE_VERSION}/build/made"
MAKE_MATCH[1]='^6\\.[0-9]+'
CLEAN="rm -f made/*.ko"
BUILT_MODULE_NAME[0]="one"
BUILT_MODULE_LOCATION[0]="made"
BUILT_MODULE_NAME[1]="two"
BUILT_MODULE_LOCATION[1]="made/"
DEST_MODULE_NAME[1]="second"
DEST_MODULE_LOCATION[0]="/kernel/drivers/demo"
DEST_MODULE_LOCATION[1]="/extra"
STRIP[0]=no
PATCH[0]="all.patch"
PATCH[1]="old.patch"
PATCH_MATCH[1]="^4"
PRE_BUILD="pre.sh first"
POST_BUILD="./post.sh"
BUILD_EXCLUSIVE_KERNEL="^6"
`;

async function layOutSource(scratch: Scratch, conf = CONF): Promise<string> {
  const tree = scratch.at('source');
  const files: Readonly<Record<string, string>> = {
    'dkms.conf': conf,
    compile:
      '#!/bin/sh\nset -e\ntest -e pre-first\necho "$1 $(cat text)" | tee "$2/one.ko" "$2/two.ko"\n',
    'pre.sh': '#!/bin/sh\ntouch "pre-$1"\n',
    'post.sh': '#!/bin/sh\ntouch post-was-here\n',
    text: 'before\n',
    'made/stale.ko': 'stale',
    'patches/all.patch': '--- a/text\n+++ b/text\n@@ -1 +1 @@\n-before\n+after\n',
    'patches/old.patch': 'no patch at all',
    '.git/config': 'not wanted',
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(tree, path, '..'), { recursive: true });
    await writeFile(join(tree, path), content);
    if (content.startsWith('#!')) await chmod(join(tree, path), 0o755);
  }
  await symlink('text', join(tree, 'link'));
  return tree;
}

/** Builds a spec on this machine and gives the RPM's files with their content. */
async function build(scratch: Scratch, folder: string): Promise<ReadonlyMap<string, string>> {
  const top = scratch.at(`top-${Math.random()}`);
  const [spec = ''] = (await readdir(folder)).filter((name) => name.endsWith('.spec'));
  const macros = [`_topdir ${top}`, `_sourcedir ${folder}`, `kernel_version ${KERNEL}`];
  const defines = macros.flatMap((macro) => ['--define', macro]);
  await runProgram(['rpmbuild', '-bb', '--nodeps', ...defines, join(folder, spec)]);
  const rpms = await readdir(join(top, 'RPMS'), { recursive: true });
  const [rpm = ''] = rpms.filter((name) => name.endsWith('.rpm'));
  const unpacked = join(top, 'unpacked');
  await mkdir(unpacked);
  const script = 'rpm2cpio "$1" | (cd "$2" && cpio -idm --quiet)';
  await runProgram(['sh', '-c', script, 'sh', join(top, 'RPMS', rpm), unpacked]);
  const names = await readdir(unpacked, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(unpacked.length), await readFile(path, 'utf8')] as const;
      }),
    ),
  );
}

const EXPECTED = new Map([
  [`/lib/modules/${KERNEL}/extra/demo/one.ko`, `${KERNEL} after\n`],
  [`/lib/modules/${KERNEL}/extra/demo/second.ko`, `${KERNEL} after\n`],
  [
    '/etc/depmod.d/kmod-demo.conf',
    'override one * weak-updates/demo\noverride second * weak-updates/demo\n',
  ],
]);

for (const [how, conf] of [
  ['its commands in the spec', CONF],
  ['its conditions evaluated in the build', `${CONF}if true; then STRIP[1]=no; fi\n`],
] as const) {
  test(`importDkms() makes what DKMS would build, with ${how}`, withoutRpmbuild, async () => {
    await using scratch = await makeScratch();
    const tree = await layOutSource(scratch, conf);
    const output = scratch.at('out');

    const { source, spec, archive } = await importDkms(tree, { output, isForced: false, signal });

    assert.deepEqual(
      [spec, archive],
      [join(output, 'demo-kmod.spec'), join(output, 'demo-1.0_2.tar.gz')],
    );
    assert.equal(source.conf.logic.length, conf === CONF ? 0 : 1);
    assert.deepEqual(
      new Map([...(await build(scratch, output))].sort()),
      new Map([...EXPECTED].sort()),
    );
  });
}

for (const conf of [CONF, `${CONF}if true; then :; fi\n`]) {
  const where = conf === CONF ? 'the spec' : 'the build';
  test(
    `importDkms() lets ${where} refuse a kernel that the source is not for`,
    withoutRpmbuild,
    async () => {
      await using scratch = await makeScratch();
      const output = scratch.at('out');
      const tree = await layOutSource(scratch, conf.replace('"^6"', '"^5"'));
      await importDkms(tree, { output, isForced: false, signal });

      await assert.rejects(
        build(scratch, output),
        /error: demo-dkms is not for this kernel: BUILD_EXCLUSIVE_KERNEL=\^5/,
      );
    },
  );
}

async function makePackages(scratch: Scratch): Promise<Readonly<Record<string, string>>> {
  const tree = await layOutSource(scratch);
  const root = scratch.at('root');
  await mkdir(join(root, 'usr/src'), { recursive: true });
  await runProgram(['cp', '-a', tree, join(root, 'usr/src/demo-1.0-2')]);
  await runProgram(['rm', '-rf', join(root, 'usr/src/demo-1.0-2/.git')]);
  const control =
    'Package: demo-dkms\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nHomepage: https://example.org/demo\nDescription: Kernel modules of Demo\n of which more could be said\n';
  await mkdir(join(root, 'DEBIAN'));
  await writeFile(join(root, 'DEBIAN/control'), control);
  const deb = scratch.at('demo.deb');
  if (!spawnSync('dpkg-deb', ['--version']).error) await runProgram(['dpkg-deb', '-b', root, deb]);
  const tar = scratch.at('demo.dkms.tar.xz');
  await runProgram(['tar', '-C', scratch.path, '--exclude', '.git', '-cJf', tar, 'source']);
  const spec = scratch.at('demo.spec');
  await writeFile(
    spec,
    `Name: demo-dkms\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n%description\nx\n%install\nmkdir -p %{buildroot}/usr\ncp -a ${root}/usr/src %{buildroot}/usr/\n%files\n/usr/src/demo-1.0-2\n`,
  );
  const macros = [
    '--define',
    `_topdir ${scratch.at('rpm')}`,
    '--define',
    '__os_install_post %{nil}',
  ];
  await runProgram(['rpmbuild', '-bb', ...macros, spec]);
  return { tree, deb, tar, rpm: scratch.at('rpm/RPMS/noarch/demo-dkms-1-1.noarch.rpm') };
}

test(
  'importDkms() gives the same for a folder, a tar, a deb and an rpm',
  withoutRpmbuild,
  async () => {
    await using scratch = await makeScratch();
    const packages = Object.entries(await makePackages(scratch));
    const archives: (readonly [kind: string, content: readonly string[]])[] = [];

    for (const [kind, path] of packages) {
      if (kind === 'deb' && spawnSync('dpkg-deb', ['--version']).error) continue;
      const output = scratch.at(`out-${kind}`);
      const { archive, source } = await importDkms(path, { output, isForced: false, signal });
      const { stdout } = await runProgram(['tar', '--full-time', '-tvf', archive]);
      archives.push([
        kind,
        stdout
          .split('\n')
          .filter((line) => !line.startsWith('d'))
          .sort(),
      ]);
      if (kind === 'deb') assert.match(source.spec.specText, /^Summary: +Kernel modules of Demo$/m);
      if (kind === 'deb')
        assert.match(source.spec.specText, /^URL: +https:\/\/example\.org\/demo$/m);
      if (kind === 'rpm') assert.match(source.spec.specText, /^License: +MIT$/m);
    }

    for (const [kind, listing] of archives) assert.deepEqual(listing, archives[0]?.[1], kind);
    assert.match(archives[0]?.[1].join('\n') ?? '', /^-rwxr-xr-x .* demo-1\.0_2\/compile$/m);
    assert.match(archives[0]?.[1].join('\n') ?? '', /^lrwxrwxrwx .* demo-1\.0_2\/link -> text$/m);
  },
);

test('importDkms() makes the same archive again, byte for byte', async () => {
  await using scratch = await makeScratch();
  const tree = await layOutSource(scratch);
  const options = { output: scratch.at('out'), isForced: true, signal };
  const first = await importDkms(tree, options);
  const before = await readFile(first.archive);
  await runProgram(['touch', '-d', '2001-01-01', join(tree, 'text')]);

  const second = await importDkms(tree, options);

  assert.ok(before.equals(await readFile(second.archive)));
  assert.equal(first.source.sourceDigest, second.source.sourceDigest);
});

test('importDkms() replaces no file unless it is told to', async () => {
  await using scratch = await makeScratch();
  const tree = await layOutSource(scratch);
  const output = scratch.at('out');
  await mkdir(output);
  await writeFile(join(output, 'demo-kmod.spec'), 'mine');

  await assert.rejects(importDkms(tree, { output, isForced: false, signal }), ContentInvalidError);

  assert.deepEqual(await readdir(output), ['demo-kmod.spec']);
  assert.equal(await readFile(join(output, 'demo-kmod.spec'), 'utf8'), 'mine');
  await importDkms(tree, { output, isForced: true, signal });
  assert.deepEqual((await readdir(output)).sort(), ['demo-1.0_2.tar.gz', 'demo-kmod.spec']);
});

test('importDkms() says what it did not find', async () => {
  await using scratch = await makeScratch();
  const options = { output: scratch.at('out'), isForced: false, signal };
  await mkdir(scratch.at('empty'));
  await writeFile(scratch.at('text'), 'no archive');

  await assert.rejects(importDkms(scratch.at('none'), options), NotFoundError);
  await assert.rejects(
    importDkms(scratch.at('empty'), options),
    /expected a dkms\.conf, found none$/,
  );
  await assert.rejects(
    importDkms(scratch.at('text'), options),
    /expected an RPM, a Debian package or a tar/,
  );
});

test('importDkms() refuses a tree with two sources', async () => {
  await using scratch = await makeScratch();
  for (const name of ['a', 'b']) {
    await mkdir(scratch.at('tree', name), { recursive: true });
    await writeFile(scratch.at('tree', name, 'dkms.conf'), CONF);
  }

  await assert.rejects(
    importDkms(scratch.at('tree'), { output: scratch.at('out'), isForced: false, signal }),
    /expected one dkms\.conf, found "a\/dkms\.conf" and "b\/dkms\.conf"$/,
  );
});
