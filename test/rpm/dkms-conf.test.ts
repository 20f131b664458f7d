import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { DkmsParseError } from '../../model/parse-errors.ts';
import { parseDkmsConf } from '../../rpm/dkms/parse-conf.ts';
import { readVariables } from '../../rpm/dkms/read-variables.ts';
import { textOf, toCommand, toWord } from '../../rpm/dkms/shell-value.ts';
import { fixturePath, readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { assertParsesOrThrows, hostileVariants, latin1 } from '../kabi/hostile.ts';

const HEAD = 'PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\n';
const BODY = `${HEAD}BUILT_MODULE_NAME=demo\nDEST_MODULE_LOCATION=/extra\n`;
const FIXTURES = readdirSync(fixturePath('dkms')).filter((name) => name.endsWith('.conf'));

function readConf(name: string): string {
  return readFixtureText(`dkms/${name}`);
}

/** What DKMS sets in the build. */
const BUILD = {
  kernelver: '6.1.0-55-amd64',
  kernel_source_dir: '/usr/src/kernels/6.1',
  dkms_tree: '/var/lib/dkms',
};

/** Values as bash has them: `NAME[index]` → text. */
function evaluateWithBash(text: string, names: readonly string[]): ReadonlyMap<string, string> {
  const script = `eval "$1" >/dev/null 2>&1
    for name in $2; do
      declare -n array=$name
      for index in "\${!array[@]}"; do printf '%s[%s]\\0%s\\0' "$name" "$index" "\${array[index]}"; done
    done`;
  const output = execFileSync('bash', ['-c', script, 'bash', text, names.join(' ')], {
    env: BUILD,
  });
  const fields = output.toString('utf8').split('\0');
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? '', fields[i + 1] ?? '');
  return values;
}

/** The same, as they are read here; undefined if the file has logic of its own. */
function evaluate(text: string): ReadonlyMap<string, string> | undefined {
  const { values, logic } = readVariables(text);
  if (logic.length > 0) return undefined;
  return new Map(
    [...values].flatMap(([name, byIndex]) =>
      [...byIndex].map(([index, value]) => {
        const known = Object.entries(BUILD).reduce(
          (command, [key, replacement]) => command.replaceAll(`\${${key}}`, replacement),
          toCommand(value),
        );
        return [`${name}[${index}]`, known] as const;
      }),
    ),
  );
}

const withoutBash = { skip: spawnSync('bash', ['--version']).error ? 'no bash' : false };

for (const name of FIXTURES.filter((file) => !/^(?:lttng|openafs|v4l2)/.test(file))) {
  test(`readVariables() reads ${name} as bash does`, withoutBash, () => {
    const found = evaluate(readConf(name));

    assert.ok(found !== undefined && found.size > 3);
    assert.deepEqual(
      new Map([...found].sort()),
      new Map(
        [...evaluateWithBash(readConf(name), [...new Set([...found.keys()].map(nameOf))])].sort(),
      ),
    );
  });
}

function nameOf(key: string): string {
  return key.replace(/\[\d+\]$/, '');
}

const QUOTING: readonly string[] = [
  'A=plain',
  'A=',
  'A=""',
  "A='single $kernelver `x`'",
  `A="double $kernelver \${kernelver}/x"`,
  'A="a\\"b\\\\c\\$d\\`e\\f"',
  'A=a\\ b\\\nc',
  'A="a\\\nb"',
  'A=a\'b\'"c"d',
  'A=$kernelver$kernel_source_dir',
  `A="$kernelver.x \${dkms_tree}y"`,
  'A=x#y # comment',
  'A=x ;B=y',
  'A=1 B=2',
  'A=1\nA+=2',
  'A[0]=x\nA[2]=y\nA[2]+=z',
  'A=(a "b c" $kernelver)\nA+=(d)',
  'A=(a\nb # c\n d)',
  `i=0\nA[$i]=x\ni=$((i+1))\nA[i]=y\ni=$((i + 1))\nA[\${i}]=z`,
  'A=x\nB="$A-$A"\nA=y',
  'export A=1',
  'export A',
  'declare -a A\nA[1]=x',
  'A="x"\r\nB=y\r\n',
  'A="$"\nB=a$\nC="a $ b"',
  "A=$'a b'",
  'A="\\;" B=\\;',
  '\n\n  A=indented',
  'A="two\nlines"',
  'pushd `dirname $BASH_SOURCE`\nA=1\npopd\necho done',
];
for (const text of QUOTING) {
  test(`readVariables() reads ${JSON.stringify(text)} as bash does`, withoutBash, () => {
    const found = evaluate(text);

    assert.ok(found !== undefined, 'it was taken for logic');
    const expected = evaluateWithBash(text.replaceAll('\r\n', '\n'), ['A', 'B', 'C', 'i']);
    assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()));
  });
}

const LOGIC: readonly [text: string, line: number, unsure: readonly string[]][] = [
  ['A=1\nif [ -f x ]; then\n  A=2\nfi\nB=3', 2, ['A']],
  ['[ -f x ] && A=1', 1, ['A']],
  [
    'case $kernelver in\n  2.*|3.*) A=1 ;;\n  *) if true; then B=2; fi ;;\nesac\nC=1',
    1,
    ['A', 'B'],
  ],
  ['for i in 1 2; do\n A=$i\ndone', 1, ['A']],
  ['f() {\n  A=1\n}\nf', 1, ['A']],
  ['. $kernel_source_dir/.config', 1, []],
  ['( A=1 )', 1, ['A']],
  ['A=$(cat VERSION)\nB="$(echo $A)"', 2, []],
  ['A=1 make', 1, ['A']],
  ['((i++))', 1, []],
  ['A[x+1]=1', 1, ['A']],
];
for (const [text, line, unsure] of LOGIC) {
  test(`readVariables() leaves ${JSON.stringify(text)} to a shell`, () => {
    const found = readVariables(text);

    assert.equal(found.logic[0]?.line, line);
    assert.deepEqual([...found.unsure], unsure);
  });
}

test('readVariables() goes on behind conditions', () => {
  const { values, logic } = readVariables(readConf('openafs.conf'));

  assert.deepEqual(
    logic.map(({ line }) => line),
    [9, 17, 23, 37],
  );
  assert.equal(textOf(values.get('PACKAGE_NAME')?.get(0) ?? []), 'openafs');
  assert.equal(textOf(values.get('BUILD_EXCLUSIVE_CONFIG')?.get(0) ?? []), '!CONFIG_PREEMPT_RT');
});

test('readVariables() refuses variables that double themselves', () => {
  const text = `A=xxxxxxxxxx\n${'A=$A$A\n'.repeat(40)}`;

  assert.throws(() => readVariables(text), /^DkmsParseError: .* line \d+: expected a value of at/);
});

for (const [text, message] of [
  ['A="x', /line 1: expected a closing ", found none$/],
  ["\nA='x", /line 2: expected a closing ', found none$/],
  ['A=`x', /line 1: expected a closing `, found none$/],
  ['A=$(x', /line 1: expected an expansion that ends, found/],
  ['if true; then\nA=1', /line 1: expected "fi", found the end of the file$/],
] as const) {
  test(`readVariables() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => readVariables(text), message);
  });
}

test('parseDkmsConf() reads three modules and a command of several lines', () => {
  const conf = parseDkmsConf(readConf('jool.conf'));

  assert.deepEqual([conf.packageName, conf.packageVersion, conf.logic], ['jool-dkms', '4.1.9', []]);
  assert.deepEqual(
    conf.modules.map(({ built, name, isStripped }) => [toWord(built), toWord(name), isStripped]),
    [
      ['src/mod/common/jool_common', 'jool_common', true],
      ['src/mod/nat64/jool', 'jool', true],
      ['src/mod/siit/jool_siit', 'jool_siit', true],
    ],
  );
  assert.match(
    toCommand(conf.make[0]?.value ?? []),
    /^make -C \$\{kernel_source_dir\} M=.*&& make/,
  );
});

test('parseDkmsConf() takes the name of the package for a single module without one', () => {
  const [module] = parseDkmsConf(`${HEAD}DEST_MODULE_LOCATION=/extra\nSTRIP[0]=no`).modules;

  assert.deepEqual([toWord(module?.built ?? []), module?.isStripped], ['demo', false]);
});

test('parseDkmsConf() takes STRIP[0] for modules that do not say', () => {
  const text = `${HEAD}BUILT_MODULE_NAME=(a b c)\nSTRIP[0]=no\nSTRIP[1]=yes\nDEST_MODULE_NAME[2]=d`;

  const { modules } = parseDkmsConf(text);

  assert.deepEqual(
    modules.map(({ name, isStripped }) => [toWord(name), isStripped]),
    [
      ['a', false],
      ['b', true],
      ['d', false],
    ],
  );
});

test('parseDkmsConf() reads commands and patches with the kernels that they are for', () => {
  const conf = parseDkmsConf(
    `${BODY}MAKE[0]=m0\nMAKE[1]=m1\nMAKE_MATCH[1]='^5\\.'\nMAKE[2]=never\nPATCH[0]=a.patch\nPATCH[1]=b.patch\nPATCH_MATCH[1]=^4`,
  );

  const show = (list: typeof conf.make) =>
    list.map(({ value, match }) => [toCommand(value), match ?? 'all']);
  assert.deepEqual(show(conf.make), [
    ['m0', 'all'],
    ['m1', '^5\\.'],
  ]);
  assert.deepEqual(show(conf.patches), [
    ['a.patch', 'all'],
    ['b.patch', '^4'],
  ]);
});

test('parseDkmsConf() reads for which kernels a source is', () => {
  const { conditions } = parseDkmsConf(
    `${BODY}BUILD_EXCLUSIVE_KERNEL="^5\\."\nBUILD_EXCLUSIVE_ARCH=x86\nBUILD_EXCLUSIVE_KERNEL_MIN=5.4\nBUILD_EXCLUSIVE_KERNEL_MAX=6.2\nBUILD_EXCLUSIVE_CONFIG="CONFIG_PCI !CONFIG_PREEMPT_RT bogus"\nOBSOLETE_BY=6.0`,
  );

  assert.deepEqual(conditions, {
    kernel: '^5\\.',
    arch: 'x86',
    minKernel: '5.4',
    maxKernel: '6.2',
    config: ['CONFIG_PCI', '!CONFIG_PREEMPT_RT'],
    obsoleteBy: '6.0',
  });
});

test('parseDkmsConf() knows no condition that the file makes under a condition', () => {
  const text = `${BODY}BUILD_EXCLUSIVE_KERNEL=^5\nif true; then BUILD_EXCLUSIVE_KERNEL=^6; fi`;

  assert.deepEqual(parseDkmsConf(text).conditions, { config: [] });
});

test('parseDkmsConf() says what it leaves out', () => {
  const { remarks, isWeakModulesWanted, isInitrdRemade } = parseDkmsConf(
    `${BODY}POST_INSTALL=x.sh\nPOST_ADD=\nNO_WEAK_MODULES=yes\nREMAKE_INITRD=yes`,
  );

  assert.deepEqual(remarks, [
    { line: 5, text: 'POST_INSTALL would run on client machines and is left out' },
  ]);
  assert.deepEqual([isWeakModulesWanted, isInitrdRemade], [false, true]);
});

const REFUSED: readonly [why: string, text: string, message: RegExp][] = [
  ['no name', 'PACKAGE_VERSION=1', /expected PACKAGE_NAME, found none/],
  ['no version', 'PACKAGE_NAME=a\nBUILT_MODULE_NAME=a', /expected PACKAGE_VERSION, found none/],
  [
    'a placeholder',
    BODY.replace('1.0', '"#MODULE_VERSION#"'),
    /line 2: expected PACKAGE_VERSION of/,
  ],
  ['a name with a slash', BODY.replace('=demo', '=../demo'), /line 1: expected PACKAGE_NAME of/],
  [
    'a computed version',
    BODY.replace('1.0', '$(cat V)'),
    /line 2: expected PACKAGE_VERSION as plain/,
  ],
  [
    'a version of a condition',
    `${BODY}if a; then PACKAGE_VERSION=2; fi`,
    /PACKAGE_VERSION as plain/,
  ],
  ['no module', HEAD, /expected modules by DEST_MODULE_LOCATION, found none/],
  ['a gap', `${HEAD}BUILT_MODULE_NAME[1]=a`, /expected BUILT_MODULE_NAME\[0\], found none/],
  ['a suffix', `${HEAD}BUILT_MODULE_NAME=a.ko`, /line 3: expected the name of module 0 without/],
];
for (const [why, text, message] of REFUSED) {
  test(`parseDkmsConf() refuses ${why}`, () => {
    assert.throws(
      () => parseDkmsConf(text),
      (error) => {
        assert.ok(error instanceof DkmsParseError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('parseDkmsConf() parses or throws its own error, whatever comes', () => {
  for (const name of ['jool.conf', 'openafs.conf', 'iptables-netflow.conf']) {
    for (const bytes of hostileVariants(readFixture(`dkms/${name}`), { flipCount: 400 })) {
      assertParsesOrThrows(() => parseDkmsConf(latin1(bytes)), DkmsParseError);
    }
  }
});
