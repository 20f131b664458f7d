import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { parseDkmsConf } from '../../rpm/dkms/parse-conf.ts';
import { type DkmsSpec, renderDkmsSpec, type SpecDetails } from '../../rpm/dkms/render-spec.ts';
import { detectDialect } from '../../rpm/spec.ts';
import { appendRelease } from '../../rpm/spec-release.ts';
import { fixturePath, readFixtureText } from '../kabi/fixtures.ts';

const HEAD = 'PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0-2\nDEST_MODULE_LOCATION=/extra\n';
const KERNEL = '6.1.0-55-amd64';
const FIXTURES = readdirSync(fixturePath('dkms')).filter((name) => name.endsWith('.conf'));
const withoutRpm = { skip: spawnSync('rpmspec', ['--version']).error ? 'no rpmspec' : false };

function render(text: string, details?: SpecDetails): DkmsSpec {
  return renderDkmsSpec(parseDkmsConf(`${HEAD}${text}`), details);
}

/** The spec as rpmbuild reads it: macros are expanded. */
function expand({ specText }: DkmsSpec): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekmod-spec-'));
  try {
    const path = join(directory, 'x.spec');
    writeFileSync(path, specText);
    const define = ['--define', `kernel_version ${KERNEL}`, '--define', '_smp_mflags -j2'];
    return execFileSync('rpmspec', ['--parse', ...define, path], { stdio: 'pipe' }).toString(
      'utf8',
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function section(text: string, name: string): string {
  return new RegExp(`^%${name}\\n([^]*?)^%\\w`, 'm').exec(text)?.[1] ?? '';
}

for (const name of FIXTURES) {
  test(`renderDkmsSpec() makes of ${name} a spec that rpm and rekmod take`, withoutRpm, () => {
    const spec = renderDkmsSpec(parseDkmsConf(readFixtureText(`dkms/${name}`)));

    const expanded = expand(spec);

    assert.equal(detectDialect(spec.specText)?.name, 'rhel-kmp');
    assert.match(appendRelease(spec.specText, '.k1.b1'), /^Release: +1%\{\?dist\}\.k1\.b1$/m);
    assert.match(expanded, new RegExp(`^/lib/modules/${KERNEL}/extra/${spec.kmodName}$`, 'm'));
    assert.match(expanded, /^BuildRequires: +kernel-devel-uname-r = 6\.1\.0-55\.amd64$/m);
    assert.match(
      expanded,
      new RegExp(`^Source0: +${spec.archiveName.replaceAll('+', '\\+')}$`, 'm'),
    );
  });
}

test('renderDkmsSpec() names package and archive as rpm allows it', () => {
  const { kmodName, archiveFolder, archiveName, specName } = renderDkmsSpec(
    parseDkmsConf(`${HEAD.replace('demo', 'demo-dkms')}`),
  );

  assert.deepEqual(
    [kmodName, archiveFolder, archiveName, specName],
    ['demo', 'demo-1.0_2', 'demo-1.0_2.tar.gz', 'demo-kmod.spec'],
  );
});

const MAKES: readonly [why: string, conf: string, line: string][] = [
  [
    "DKMS' own command",
    '',
    `make -j2 KERNELRELEASE=\${kernelver} -C \${kernel_source_dir} M=\${build_dir}`,
  ],
  [
    'a command with jobs and release',
    'MAKE="make all"',
    `make -j2 KERNELRELEASE=\${kernelver} all`,
  ],
  ['a quoted make as it is', `MAKE="'make' all"`, "'make' all"],
  ['a program as it is', 'MAKE="./build $kernelver"', `./build \${kernelver}`],
  [
    'the tree by its new place',
    `MAKE="x \${dkms_tree}/demo/1.0-2/build/src /var/lib/dkms/demo/1.0-2/build"`,
    `x \${build_dir}/src \${build_dir}`,
  ],
  [
    'sources by their new place',
    'MAKE="x /usr/src/demo-1.0-2/a /usr/src/demo-1.0-23"',
    `x \${build_dir}/a /usr/src/demo-1.0-23`,
  ],
  [
    'the kernel by its new place',
    `MAKE="x /lib/modules/\${kernelver}/build"`,
    `x \${kernel_source_dir}`,
  ],
  ['a percent sign', 'MAKE="x %{name} 100%"', 'x %{name} 100%'],
  ['substitutions for the build', 'MAKE="x $(nproc) `id`"', 'x $(nproc) `id`'],
];
for (const [why, conf, line] of MAKES) {
  test(`renderDkmsSpec() writes ${why}`, withoutRpm, () => {
    // rpmspec leaves the line `%build` out.
    const build = section(expand(render(conf)), 'prep');

    assert.ok(build.split('\n').includes(line), build);
  });
}

test('renderDkmsSpec() lets a command go on after an error only where DKMS would', () => {
  assert.match(render('MAKE="a; b"').specText, /^\(\n {2}set \+e\n {2}a; b\n\)$/m);
  assert.doesNotMatch(render('MAKE="a && b"').specText, /set \+e/);
});

test('renderDkmsSpec() takes the last command that matches, as DKMS does', () => {
  const { specText } = render(
    "MAKE[0]=m0\nMAKE[1]=m1\nMAKE_MATCH[1]='^5'\nMAKE[2]=m2\nMAKE_MATCH[2]='^6'",
  );

  assert.match(
    specText,
    /^if pattern='\^6'; \[\[ \$kernelver =~ \$pattern \]\]; then\n {2}m2\nelif pattern='\^5'.*\n {2}m1\nelse\n {2}m0\nfi$/m,
  );
});

test('renderDkmsSpec() carries scripts and unstripped modules over', () => {
  const { specText } = render('PRE_BUILD=./pre.sh\nPOST_BUILD="post.sh a"\nSTRIP=no');

  assert.match(section(specText, 'build'), /^\.\/pre\.sh$/m);
  assert.match(section(specText, 'install'), /^\.\/post\.sh a$/m);
  assert.doesNotMatch(specText, /strip --strip-debug "\$modules_dir"\/demo/);
});

test('renderDkmsSpec() binds a package to its kernel that wants no weak modules', () => {
  const { specText } = render('NO_WEAK_MODULES=yes');

  assert.match(specText, /^Requires: +kernel-core-uname-r = %\{kernel_evr\}$/m);
  assert.doesNotMatch(specText, /sbin\/weak-modules/);
});

test('renderDkmsSpec() lets the initramfs be made anew where the source asks for it', () => {
  assert.match(render('').specText, /--add-modules --no-initramfs$/m);
  assert.match(render('REMAKE_INITRD=yes').specText, /--add-modules$/m);
});

test('renderDkmsSpec() lets the build read a file with conditions', () => {
  const { specText } = render('if true; then MAKE=x; fi');

  assert.match(specText, /^\. \.\/dkms\.conf$/m);
  assert.match(section(specText, 'build'), /eval "\$make_command"/);
});

/** What `strings` would find in a module: its name and what it needs. */
function moduleInfo(name: string, depends: string): string {
  return `\0license=GPL\0name=${name}\0depends=${depends}\0`;
}

/** Runs `%install` over a tree of built files, given by path. @returns The modules that it installed. */
function install(spec: DkmsSpec, built: Readonly<Record<string, string>>): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'rekmod-install-'));
  try {
    for (const [path, content] of Object.entries(built)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    // The files are no ELF.
    writeFileSync(join(directory, 'strip'), '#!/bin/sh\n', { mode: 0o755 });
    const script = section(spec.specText, 'install')
      .replaceAll('%{buildroot}', join(directory, 'root'))
      .replaceAll(/%\{\w+\}/g, 'x');
    const env = { PATH: `${directory}:${process.env.PATH ?? ''}` };
    execFileSync('bash', ['-e'], { cwd: directory, env, input: script });
    return readdirSync(join(directory, 'root/lib/modules/x/extra/x')).sort();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

for (const [how, logic] of [
  ['a plain file', ''],
  ['a file with conditions', 'if true; then :; fi\n'],
] as const) {
  test(`renderDkmsSpec() installs what listed modules need of ${how} that leaves it out`, () => {
    const conf = 'BUILT_MODULE_NAME=can\nBUILT_MODULE_LOCATION=src\nDEST_MODULE_NAME=renamed\n';

    const modules = install(render(`${conf}STRIP=no\n${logic}`), {
      'dkms.conf': `${HEAD}${conf}STRIP=no`,
      '.rekmod-dkms.bash': '. ./dkms.conf',
      'src/can.ko': moduleInfo('can', 'echo-core,can,crc_ccitt'),
      'src/staging/echo-core.ko': moduleInfo('echo_core', 'fir'),
      'src/staging/fir.ko': moduleInfo('fir', ''),
      'src/other.ko': moduleInfo('other', ''),
    });

    assert.deepEqual(modules, ['echo-core.ko', 'fir.ko', 'renamed.ko']);
  });
}

/** `%build` is left out by rpmspec, `%config` is a word of `%files`. */
const SECTIONS = 'description prep install post preun postun files config changelog'.split(' ');

for (const [what, conf] of [
  ['a command', "MAKE='x\n%files\n/etc/shadow'"],
  ['a name', "BUILT_MODULE_NAME='x\n%post\nid'"],
  ['a condition', "BUILD_EXCLUSIVE_KERNEL='x\n%post\nid'"],
] as const) {
  test(`renderDkmsSpec() lets ${what} begin no section`, withoutRpm, () => {
    const expanded = expand(render(conf));

    const found = [...expanded.matchAll(/^%(\w+)/gm)].map(([, name]) => name);
    assert.deepEqual(found, SECTIONS);
  });
}

test('renderDkmsSpec() takes foreign descriptions as one line of plain text', withoutRpm, () => {
  const details = {
    summary: '100% %(id) \n%post\nx',
    license: 'GPL\nName: y',
    url: 'https://x/%y',
  };

  const expanded = expand(render('', details));

  assert.match(expanded, /^Summary: +100% %\(id\) %post x$/m);
  assert.match(expanded, /^License: +GPL Name: y$/m);
  assert.match(expanded, /^URL: +https:\/\/x\/%y$/m);
});
