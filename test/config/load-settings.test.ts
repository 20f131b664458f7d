import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exampleConfig, uncommentExample } from '../../config/example.ts';
import { loadSettings } from '../../config/load-settings.ts';
import { MAX_CONFIG_BYTES } from '../../config/read-bounded-text.ts';
import { ConfigError } from '../../model/config-errors.ts';
import { KEEP } from '../support/data-rig.ts';

const folder = await mkdtemp(join(tmpdir(), 'rekmod-config-'));
after(() => rm(folder, { recursive: true }));
await mkdir(join(folder, 'kmods'));
await writeFile(join(folder, 'kmods/a.spec'), 'Name: a\n');
await writeFile(join(folder, 'key.asc'), '');
let fileCount = 0;

async function writeConfig(text: string | Uint8Array): Promise<string> {
  fileCount += 1;
  const file = join(folder, `rekmod-${fileCount}.yaml`);
  await writeFile(file, text);
  return file;
}

/** The problems without the file's name, e.g. `2:3: unknown key`. */
async function problemsOf(text: string | Uint8Array): Promise<readonly string[]> {
  const file = await writeConfig(text);
  try {
    await loadSettings(file);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.failureClass, 'configuration');
    const prefix = `${file}:`;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace(prefix, '').trim().replaceAll(folder, '<folder>'));
  }
  return [];
}

const LAB = 'streams:\n  lab: { urls: ["file:///lab"] }\n';

const PROBLEMS: readonly (readonly [string, string, readonly string[]])[] = [
  ['an unknown key', 'kmod: {}\n', ['1:1: unknown key "kmod": did you mean "kmods"?']],
  [
    'an unknown key of an inner object with the keys of that very object',
    '# comment\nlimits:\n  parallelbuild: 3\n',
    ['3:3: unknown key "parallelbuild": did you mean "parallelBuilds"?'],
  ],
  [
    'an unknown key that is like none',
    'server:\n  colour: red\n',
    ['2:3: unknown key "colour": expected one of "host", "port"'],
  ],
  [
    'an unknown key of an entry',
    'streams:\n  lab:\n    url: [file:///lab]\n',
    ['3:5: unknown key "url": did you mean "urls"?'],
  ],
  [
    'a wrong type with what was found',
    'limits:\n  log: 4\n  cpus: many\n',
    [
      '2:8: wrong "limits.log": expected a size such as "512MiB" or "2GiB", found the number 4',
      '3:9: wrong "limits.cpus": expected a number of processors between 0.1 and 256, found text "many"',
    ],
  ],
  [
    'a list that is text',
    `${LAB}kmods:\n  a:\n    spec: kmods/a.spec\n    streams: lab\n`,
    ['6:14: wrong "kmods.a.streams": expected a list, found text "lab" (write it in brackets)'],
  ],
  [
    'a version that YAML takes for a number',
    `${LAB}kmods:\n  a: { spec: kmods/a.spec, streams: [lab], minKernel: 5.10 }\n`,
    [
      '4:55: wrong "kmods.a.minKernel": expected a kernel version such as "5.14.0-427", found the number 5.1 (write it in quotes)',
    ],
  ],
  [
    'a section that is a list',
    'streams: []\n',
    ['1:10: wrong "streams": expected a mapping, found an empty list'],
  ],
  ['a document that is no mapping', '- a\n', ['1:1: wrong file: expected a mapping, found a list']],
  [
    'a kmod for a stream that does not exist',
    `${LAB}kmods:\n  a: { spec: kmods/a.spec, streams: [lap] }\n`,
    ['4:38: unknown stream "lap": did you mean "lab"?'],
  ],
  [
    'a kmod for a shipped stream that is not in use',
    `${LAB}kmods:\n  a: { spec: kmods/a.spec, streams: [fedora-44] }\n`,
    ['4:38: stream "fedora-44" is shipped but not in use: add "fedora-44: {}" below "streams"'],
  ],
  [
    'a slip in the name of a shipped stream',
    'streams:\n  fedora44: {}\n',
    ['2:3: stream "fedora44" is not shipped and has no "urls": did you mean "fedora-44"?'],
  ],
  [
    'a target and a repository that do not exist',
    'streams:\n  lab:\n    urls: [file:///lab]\n    target: labs\n    repository: kmod\n',
    [
      '4:13: unknown target "labs": did you mean "lab"?',
      '5:17: unknown repository "kmod": did you mean "kmods"?',
    ],
  ],
  [
    'a kmod for streams that share a repository',
    `${LAB}  lab2: { like: lab }\n  lab3: { like: lab, repository: lab3 }\nkmods:\n  a: { spec: kmods/a.spec, streams: [lab, lab3, lab2, lab] }\n`,
    [
      '6:49: streams "lab" and "lab2" both publish to "kmods", where the packages of "a" would replace each other: give one of them another "repository"',
    ],
  ],
  [
    'streams that are like each other',
    'streams:\n  a: { like: b }\n  b: { like: a }\n',
    [
      '2:14: streams are like each other in a circle: a → b → a',
      '3:14: streams are like each other in a circle: b → a → b',
    ],
  ],
  [
    'a stream that is like an unknown one',
    'streams:\n  a: { like: labs }\n',
    ['2:14: unknown stream "labs": did you mean "lab"?'],
  ],
  [
    'a stream without URLs, and one without target',
    'streams:\n  mine: { target: lab }\n  other: { urls: [file:///x] }\n',
    [
      '2:3: missing "streams.mine.urls": expected the URLs of its rpm-md repositories, or "like:"',
      '3:3: missing "streams.other.target": expected the target that builds, or "like:"',
    ],
  ],
  [
    'a stream and a target of different architectures',
    `targets:\n  arm: { like: lab, arch: aarch64 }\n${LAB.replace(' }', ', target: arm }')}`,
    ['4:41: stream "lab" is x86_64, its target "arm" is aarch64'],
  ],
  [
    'files that do not exist',
    `${LAB}kmods:\n  a: { spec: kmods/b.spec, streams: [lab] }\n  b: { spec: kmods/a.spec, sources: nope, streams: [lab] }\n  c: { srpm: kmods, streams: [lab] }\n`,
    [
      '4:14: missing file "<folder>/kmods/b.spec": found nothing',
      '5:37: missing folder "<folder>/nope": found nothing',
      '6:14: missing file "<folder>/kmods": found a folder',
    ],
  ],
  [
    'binaries that do not exist, names without any, and a name that is none',
    `${LAB}kmods:\n  a: { spec: kmods/a.spec, streams: [lab], binaries: [kmods, kmods/a.spec, nope] }\n  b: { spec: kmods/a.spec, streams: [lab], binaryNames: [kmod-b] }\n  c: { spec: kmods/a.spec, streams: [lab], binaries: [kmods], binaryNames: [--x] }\n`,
    [
      '4:76: missing file or folder "<folder>/nope": found nothing',
      '5:44: wrong "kmods.b.binaryNames": without "binaries" there is nothing to choose from',
      '6:77: wrong "kmods.c.binaryNames[0]": expected a package name such as "kmod-jool" or "kmod-nvidia-*", found text "--x"',
    ],
  ],
  [
    'a kmod without source, and one with two',
    `${LAB}kmods:\n  a: { streams: [lab] }\n  b: { spec: kmods/a.spec, srpm: x, streams: [lab] }\n`,
    [
      '4:3: wrong "kmods.a": expected one of "spec", "srpm", "git", "repository", "url", "dkms", found none',
      '5:3: wrong "kmods.b": expected one of "spec", "srpm", "git", "repository", "url", "dkms", found "spec" and "srpm"',
    ],
  ],
  [
    'the missing key of a shipped stream, with where to get it',
    'streams:\n  mine: { like: fedora-44, trust: { gpgKeys: [nope.asc], keysFrom: from Bob } }\n',
    [
      '2:47: missing file "<folder>/nope.asc": found nothing; get the key from Bob, or name another file in "trust.gpgKeys"',
    ],
  ],
  [
    'a check of signatures without keys',
    'streams:\n  lab: { urls: ["file:///lab"], trust: { gpgCheck: true } }\n',
    [
      '2:33: missing "streams.lab.trust.gpgKeys": expected the distribution\'s public keys, or "gpgCheck: false"',
    ],
  ],
  [
    'names that are unsafe in paths',
    'kmods:\n  ../x: {}\nrepositories:\n  "a b": {}\n',
    [
      '2:3: wrong name "../x": expected a name of at most 64 letters, digits or "._+-" that begins with a letter or digit',
      '4:3: wrong name "a b": expected a name of at most 64 letters, digits or "._+-" that begins with a letter or digit',
    ],
  ],
  [
    'a password in a URL',
    'streams:\n  lab: { urls: ["https://me:pw@example.org/"] }\n',
    [
      '2:17: wrong "streams.lab.urls[0]": expected a URL that begins with http://, https:// or file:// and holds no password, found text "https://me:pw@example.org/"',
    ],
  ],
  [
    'a package that is an option of dnf',
    'targets:\n  lab: { packages: ["--setopt=x"] }\n',
    [
      '2:21: wrong "targets.lab.packages[0]": expected a package such as "gcc" or "pkgconfig(libelf)", never an option, found text "--setopt=x"',
    ],
  ],
  [
    'a target of mock without root, with a path for one, and of an unknown backend',
    'targets:\n  a: { backend: mock }\n  b: { backend: mock, root: ../x.cfg }\n  c: { backend: qemu }\n',
    [
      '2:3: missing "targets.a.root": expected a configuration of mock, or "like:"',
      '3:29: wrong "targets.b.root": expected a configuration of mock such as "centos-stream-9-x86_64", found text "../x.cfg"',
      '4:17: wrong "targets.c.backend": expected "container" or "mock", found text "qemu"',
    ],
  ],
  [
    'scratch space that does not fit into memory',
    'limits:\n  memory: 1GiB\n',
    [
      '2:11: wrong "limits.scratch": it is part of "limits.memory" and must be less, found 2GiB of 1GiB',
    ],
  ],
  [
    'a server for every address whose repositories have none that clients could use',
    `${LAB}  b: { like: lab, repository: b }\n  c: { like: lab, repository: c }\nserver: { host: 0.0.0.0 }\nrepositories:\n  c: { baseUrl: "http://c/" }\n  spare:\n`,
    [
      '5:17: wrong "server.host": clients cannot use "0.0.0.0", so expected a "baseUrl" for each repository that streams publish to, found none for "kmods", "b"',
    ],
  ],
  [
    'IPv6 for every address without an address that clients could use',
    `${LAB}server: { host: "::" }\n`,
    [
      '3:17: wrong "server.host": clients cannot use "::", so expected a "baseUrl" for each repository that streams publish to, found none for "kmods"',
    ],
  ],
  [
    'a bad address of a repository, and not that there is none',
    `${LAB}server: { host: 0.0.0.0 }\nrepositories:\n  kmods: { baseUrl: 7 }\n`,
    [
      '5:21: wrong "repositories.kmods.baseUrl": expected a URL that begins with http:// or https:// and holds no password, found the number 7 (write it in quotes)',
    ],
  ],
  [
    'TLS without address and with half a key pair',
    'temporal:\n  tls: { clientCert: key.asc }\n',
    [
      '2:3: wrong "temporal.tls": rekmod\'s own server has none, expected "temporal.address"',
      '2:3: wrong "temporal.tls": expected "clientCert" and "clientKey" together, found one',
    ],
  ],
  ['duplicate keys', 'kmods: {}\nstreams: {}\nkmods: {}\n', ['3:1: duplicate key "kmods"']],
  ['bad syntax', 'kmods:\n\ta: b\n', ['2:1: not valid YAML: tabs are not allowed as indentation']],
  ['unknown tags', 'kmods: !!js/function "a"\n', ['1:8: unknown tag "!!js/function"']],
  ['unknown aliases', 'kmods: *a\n', ['1:8: unknown alias "a": expected an anchor above it']],
  [
    'two documents',
    'kmods: {}\n---\n',
    ['2:1: more than one document: expected one, found "---" again'],
  ],
  [
    'a key that is no text',
    '? [a]\n: 1\n',
    ['1:3: wrong key: expected text, found something else'],
  ],
  ['deep nesting', '['.repeat(100_000), ['1:785: nested too deeply']],
  ['__proto__', '__proto__: { a: 1 }\n', ['1:1: forbidden key "__proto__"']],
  [
    '__proto__ as the name of an entry',
    'kmods:\n  "__proto__": { spec: kmods/a.spec, streams: [] }\n',
    ['2:3: forbidden key "__proto__"'],
  ],
  [
    'an alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh']
      .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
      .join('\n')}\n`,
    [': too many aliases: at most 100 are followed'],
  ],
  [
    'terminal escapes and marks of direction in names, escaped',
    '"\\e[31m\\u202Ekmods": {}\n',
    [
      '1:1: unknown key "\\u001b[31m\\u{202e}kmods": expected one of "failures", "kmods", "limits", "log", "metrics", "repositories", "retention", "server", "signing", "sources", "streams", "targets", "temporal", "upkeep"',
    ],
  ],
];

for (const [name, text, expected] of PROBLEMS) {
  test(`loadSettings() reports ${name}`, async () => {
    const found = await problemsOf(text);

    // The column at which the parser runs out of stack is its own affair.
    const stable = found.map((line) => line.replace(/^1:\d+: nested/u, '1:785: nested'));
    assert.deepEqual(
      stable,
      expected.map((line) => line.replace(/^: /u, ' ').trim()),
    );
  });
}

test('loadSettings() reports everything at once, sorted by line', async () => {
  const text = 'kmods:\n  a: { streams: [x], spec: none }\nlimit: 1\nserver: { port: 0 }\n';

  assert.deepEqual(await problemsOf(text), [
    '2:18: unknown stream "x": expected one of "almalinux-9", "centos-stream-10", "centos-stream-9", "fedora-44", "lab", "opensuse-leap-16", "opensuse-tumbleweed"',
    '2:28: missing file "<folder>/none": found nothing',
    '3:1: unknown key "limit": did you mean "limits"?',
    '4:17: wrong "server.port": expected a port between 1 and 65535, found the number 0',
  ]);
});

test('loadSettings() ends its list after 50 problems', async () => {
  const keys = Array.from({ length: 60 }, (_, index) => `zzzzzzzzz${index}: 1`).join('\n');

  const found = await problemsOf(keys);

  assert.equal(found.length, 51);
  assert.equal(found.at(-1), 'and 10 more problems');
});

test('loadSettings() comes to an end with a file that is nothing but problems', async () => {
  const keys = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n');
  const kmods = Array.from({ length: 8_000 }, (_, index) => `  k${index}: { speck: a }`).join('\n');

  assert.equal((await problemsOf(keys)).length, 51);
  assert.equal((await problemsOf(`kmods:\n${kmods}`)).length, 51);
});

test('loadSettings() refuses a file that is too large, not text or not there', async () => {
  assert.deepEqual(await problemsOf('#'.repeat(MAX_CONFIG_BYTES + 1)), [
    'too large: expected at most 1 MiB',
  ]);
  assert.deepEqual(await problemsOf(Uint8Array.of(0xff, 0xfe)), ['not text: expected UTF-8']);
  await assert.rejects(loadSettings(join(folder, 'none.yaml')), /none\.yaml: no such file/);
  await assert.rejects(loadSettings(folder), /not a plain file/);
});

test('loadSettings() puts the place in front as compilers do', async () => {
  const file = await writeConfig('kmods:\nkmod: 1\n');

  await assert.rejects(loadSettings(file), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^Cannot load ".*": found a problem\n.*:2:1: unknown key "kmod"/);
    assert.deepEqual(error.problems, [
      { file, line: 2, column: 1, sentence: 'unknown key "kmod": did you mean "kmods"?' },
    ]);
    return true;
  });
});

test('loadSettings() takes an empty file as an empty inventory', async () => {
  const settings = await loadSettings(await writeConfig(''));

  assert.deepEqual(settings.streams, []);
  assert.deepEqual(settings.kmods, []);
  assert.deepEqual(settings.repositories, [{ name: 'kmods', keep: KEEP }]);
  assert.deepEqual(settings.server, { host: '127.0.0.1', port: 8470 });
  assert.deepEqual(settings.limits, {
    parallelBuilds: 2,
    cpus: 2,
    memoryBytes: 4 * 1024 ** 3,
    scratchBytes: 2 * 1024 ** 3,
    pids: 1024,
    buildTimeoutMs: 1_800_000,
    prepareTimeoutMs: 1_800_000,
    logBytes: 16 * 1024 ** 2,
    outputBytes: 1024 ** 3,
    freeBytes: 1024 ** 3,
    freeInodes: 25_000,
  });
});

test('loadSettings() takes sections and entries with nothing below as empty', async () => {
  const settings = await loadSettings(
    await writeConfig(
      'streams:\nkmods:\nlimits:\ntemporal:\nserver:\nsigning:\ntargets:\n  lab:\n',
    ),
  );

  assert.equal(settings.limits.pids, 1024);
  assert.deepEqual(
    settings.targets.map((target) => target.backend === 'container' && target.image),
    ['rekmod-lab/builder'],
  );
});

test('loadSettings() takes the keys of a target’s repositories from beside the file', async () => {
  const target = 'image: a/b, gpgKeys: [key.asc], repositories: { base: "https://example.org/" }';
  const { targets } = await loadSettings(
    await writeConfig(`targets:\n  mine: { ${target} }\n  heir: { like: mine }\n`),
  );

  assert.deepEqual(
    targets.map(({ gpgKeys }) => gpgKeys),
    [[join(folder, 'key.asc')], [join(folder, 'key.asc')]],
  );
  assert.deepEqual(await problemsOf('targets:\n  mine: { image: a/b, gpgKeys: [no.asc] }\n'), [
    '2:23: wrong "targets.mine.gpgKeys": they are for "repositories", found none; the image or root has keys of its own',
    '2:33: missing file "<folder>/no.asc": found nothing',
  ]);
});

test('loadSettings() makes a target of mock of a root, and needs no image for it', async () => {
  const { targets } = await loadSettings(
    await writeConfig(`
targets:
  mine:
    backend: mock
    root: rocky-9-x86_64
    isolation: simple
    compilerMismatch: fail
  almalinux-9: { backend: mock, root: almalinux-9-x86_64 }
  shipped: { like: fedora-44-mock }
`),
  );

  assert.deepEqual(targets[0], {
    name: 'mine',
    backend: 'mock',
    root: 'rocky-9-x86_64',
    isolation: 'simple',
    arch: 'x86_64',
    packages: [],
    repositories: {},
    compilerMismatch: 'fail',
  });
  assert.deepEqual(
    targets.slice(1).map((target) => target.backend === 'mock' && [target.root, target.isolation]),
    [
      ['almalinux-9-x86_64', 'auto'],
      ['fedora-44-x86_64', 'auto'],
    ],
  );
});

test('loadSettings() overrides a shipped stream key by key', async () => {
  const file = await writeConfig(`
streams:
  my-rhel9:
    like: almalinux-9
    urls: [https://mirror.example.org/a/]
    poll: 30m
    trust: { gpgKeys: [key.asc] }
`);

  const { streams, targets } = await loadSettings(file);

  assert.deepEqual(streams, [
    {
      name: 'my-rhel9',
      title: 'AlmaLinux 9 (x86_64)',
      urls: ['https://mirror.example.org/a/'],
      arch: 'x86_64',
      family: {
        core: 'kernel-core',
        devel: 'kernel-devel',
        modules: ['kernel-modules-core', 'kernel-modules', 'kernel-modules-extra'],
        flavours: ['default'],
      },
      trust: { gpgKeys: [join(folder, 'key.asc')], gpgCheck: true, repoGpgCheck: false },
      pollIntervalMs: 1_800_000,
      staleAfterMs: 7_200_000,
      maxLost: 1,
      target: 'almalinux-9',
      repository: 'my-rhel9',
      keepKernels: 3,
    },
  ]);
  assert.deepEqual(
    targets.map(({ packages, ...rest }) => rest),
    [
      {
        name: 'almalinux-9',
        backend: 'container',
        image: 'quay.io/almalinuxorg/almalinux:9',
        arch: 'x86_64',
        repositories: {},
        prepareNetwork: 'bridge',
        compilerMismatch: 'warn',
      },
    ],
  );
});

test('loadSettings() takes what a repository keeps in the units of the settings', async () => {
  const settings = await loadSettings(
    await writeConfig('repositories:\n  mine: { keep: { snapshots: 2, gone: 10d, builds: 1 } }\n'),
  );

  assert.deepEqual(settings.repositories, [
    { name: 'mine', keep: { ...KEEP, snapshotCount: 2, buildCount: 1, goneMs: 10 * 86_400_000 } },
  ]);
  const mirrored = await loadSettings(
    await writeConfig(
      'repositories:\n  mine: { mirror: { rsync: "www@example.org:/srv/mine" } }\n',
    ),
  );
  const mirror = { by: 'rsync', target: 'www@example.org:/srv/mine' };
  assert.deepEqual(mirrored.repositories, [{ name: 'mine', mirror, keep: KEEP }]);
  for (const [text, expected] of [
    ['{}', /expected one of "rsync" and "rclone", found none/],
    ['{ rsync: /srv/a, rclone: "s3:a" }', /expected one of "rsync" and "rclone", found both/],
    ['{ rsync: "-e sh" }', /expected a target such as/],
    ['{ rsync: "-x@host:/a" }', /expected a target such as/],
    ['{ rclone: ":s3,secret=x:a" }', /expected a remote of rclone/],
  ] as const) {
    const file = await writeConfig(`repositories:\n  mine: { mirror: ${text} }\n`);
    await assert.rejects(loadSettings(file), expected);
  }
  await assert.rejects(
    loadSettings(await writeConfig('repositories:\n  mine: { keep: { snapshots: 0 } }\n')),
    /expected a whole number between 1 and 1000, found the number 0/,
  );
});

test('loadSettings() gives each stream a repository of its own name, but for one that is named', async () => {
  const file = await writeConfig(`
streams:
  a: { urls: [file:///a], target: lab, trust: { gpgCheck: false } }
  b: { like: a }
  c: { like: a, repository: mine }
  d: { like: c }
  lab: { urls: [file:///lab] }
repositories:
  mine: { baseUrl: https://example.org/ }
  spare:
kmods:
  k: { spec: kmods/a.spec, streams: [a, b, c, lab] }
`);

  const { streams, repositories } = await loadSettings(file);

  assert.deepEqual(
    streams.map(({ repository }) => repository),
    ['a', 'b', 'mine', 'mine', 'kmods'],
  );
  assert.deepEqual(repositories, [
    { name: 'mine', baseUrl: 'https://example.org/', keep: KEEP },
    { name: 'spare', keep: KEEP },
    { name: 'a', keep: KEEP },
    { name: 'b', keep: KEEP },
    { name: 'kmods', keep: KEEP },
  ]);
});

test('loadSettings() lets a server serve other machines whose repositories have addresses', async () => {
  const file = await writeConfig(
    `${LAB}server: { host: 0.0.0.0 }\nrepositories:\n  kmods: { baseUrl: "http://a/" }\n  spare:\n`,
  );

  assert.equal((await loadSettings(file)).server.host, '0.0.0.0');
});

test('loadSettings() lets a stream be like an overridden shipped one', async () => {
  const file = await writeConfig(`
streams:
  lab: { urls: [file:///one], title: Mine }
  second: { like: lab, urls: [file:///two] }
`);

  const { streams } = await loadSettings(file);

  assert.deepEqual(
    streams.map(({ name, title, pollIntervalMs }) => [name, title, pollIntervalMs]),
    [
      ['lab', 'Mine', 30_000],
      ['second', 'Mine', 30_000],
    ],
  );
});

test('loadSettings() resolves paths against the folder of the file', async () => {
  const file = await writeConfig(
    `${LAB}kmods:\n  a: { spec: kmods/a.spec, streams: [lab, lab], required: true, owner: me }\n`,
  );

  const { kmods } = await loadSettings(file);

  assert.deepEqual(kmods, [
    {
      name: 'a',
      source: {
        kind: 'spec',
        spec: join(folder, 'kmods/a.spec'),
        sources: join(folder, 'kmods'),
      },
      dialect: 'auto',
      streams: ['lab'],
      required: true,
      owner: 'me',
    },
  ]);
});

test('loadSettings() takes macros for a kmod, but not the folders of rpmbuild', async () => {
  const entry = 'spec: kmods/a.spec, streams: [lab]';
  const good = `${LAB}kmods:\n  a: { ${entry}, defines: { driver: '535.1', _enable_akmod: '1' } }\n`;

  const { kmods } = await loadSettings(await writeConfig(good));

  assert.deepEqual(kmods[0]?.defines, { driver: '535.1', _enable_akmod: '1' });
  const bad = `${LAB}kmods:\n  a: { ${entry}, defines: { _topdir: '/', x: y, long: 5.1 } }\n`;
  await assert.rejects(loadSettings(await writeConfig(bad)), (error) => {
    assert.match(String(error), /wrong name "_topdir": expected a macro name such as "driver"/);
    assert.match(String(error), /wrong name "x": expected a macro name/);
    assert.match(String(error), /wrong "kmods\.a\.defines\.long": .* \(write it in quotes\)/);
    return true;
  });
});

test('loadSettings() returns what nobody can change', async () => {
  const { streams, limits } = await loadSettings(await writeConfig(LAB));

  assert.ok(Object.isFrozen(limits));
  assert.ok(Object.isFrozen(streams));
  assert.ok(Object.isFrozen(streams[0]?.trust.gpgKeys));
});

test('loadSettings() loads the example as it stands, and with every key set', async () => {
  const example = await exampleConfig();
  const inside = join(folder, 'example');
  for (const name of [
    'kmods/v4l2loopback',
    'kmods/ovpn-dco',
    'kmods/acpi-call-1.2.2',
    'keys',
    'lists',
    'mirror',
    'tls',
    'gnupg',
  ]) {
    await mkdir(join(inside, name), { recursive: true });
  }
  for (const name of [
    'kmods/v4l2loopback/v4l2loopback-kmod.spec',
    'kmods/jool-kmod.src.rpm',
    'keys/RPM-GPG-KEY-redhat-release',
    'keys/centos.asc',
    'keys/former.asc',
    'keys/modules.key',
    'keys/modules.pem',
    'keys/modules.pass',
    'keys/next-modules.pem',
    'lists/kabi_stablelist_x86_64',
    'lists/severities',
    'tls/ca.pem',
    'tls/client.pem',
    'tls/client.key',
  ]) {
    await writeFile(join(inside, name), '');
  }
  const full = uncommentExample(example).replace(
    'centos-stream-9: {}',
    'centos-stream-9: { trust: { gpgKeys: [keys/centos.asc] } }',
  );
  await writeFile(join(inside, 'rekmod.yaml'), full);

  const empty = await loadSettings(await writeConfig(example));
  const settings = await loadSettings(join(inside, 'rekmod.yaml'));

  assert.deepEqual(empty.kmods, []);
  assert.deepEqual(
    settings.kmods.map(({ name }) => name),
    ['v4l2loopback', 'jool', 'ovpn-dco', 'tg3', 'drbd', 'acpi-call'],
  );
  assert.deepEqual(
    settings.kmods.slice(0, 2).map(({ binaries }) => binaries),
    [undefined, { paths: [join(inside, 'mirror')], names: ['kmod-jool'] }],
  );
  assert.deepEqual(settings.limits, { ...empty.limits, rolloutBudgetMs: 7_200_000 });
  assert.deepEqual(settings.failures, empty.failures);
  assert.equal(settings.temporal.tls?.serverCa, join(inside, 'tls/ca.pem'));
});
