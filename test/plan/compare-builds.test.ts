import assert from 'node:assert/strict';
import test from 'node:test';
import { type ComparedPackage, compareBuilds } from '../../plan/compare-builds.ts';

const PATH = '/lib/modules/6.1.0-55-amd64/extra/jool/jool.ko';
const NUMBERED = '1.lab.k6.1.0_55_amd64';
/** NAME, SUMMARY, BUILDTIME, BUILDHOST, PROVIDENAME, PROVIDEVERSION, POSTUN, FILEDIGESTS, SHA256 of the payload. */
const [NAME, SUMMARY, TIME, HOST, PROVIDES, VERSIONS, SCRIPT, DIGESTS, PAYLOAD] = [
  1000, 1004, 1006, 1007, 1047, 1113, 1026, 1035, 5092,
] as const;

type Changes = Partial<Omit<ComparedPackage, 'tags' | 'nevra'>> & {
  readonly build?: string;
  readonly tags?: readonly (readonly [number, readonly string[]])[];
  readonly nevra?: Partial<ComparedPackage['nevra']>;
};

function rpm({ build = 'b1', tags = [], nevra = {}, ...changes }: Changes = {}): ComparedPackage {
  const release = nevra.release ?? `${NUMBERED}.${build}`;
  return {
    nevra: { name: 'kmod-jool', epoch: 0, version: '4.1.9', arch: 'x86_64', ...nevra, release },
    tags: new Map([
      [NAME, ['kmod-jool']],
      [SUMMARY, ['SIIT and NAT64']],
      [TIME, [`17000000${build.length}`]],
      [PROVIDES, ['kmod-jool', 'ksym(jool_init)']],
      [VERSIONS, [`4.1.9-${release}`, '0x12345678']],
      [SCRIPT, [`rpm -ql kmod-jool-4.1.9-${release}.x86_64`]],
      ...tags,
    ]),
    files: [
      { path: PATH, mode: 0o100644, linkTo: '', digest: 'd1' },
      { path: `/usr/share/doc/kmod-jool-4.1.9-${release}`, mode: 0o040755, linkTo: '', digest: '' },
    ],
    ...changes,
  };
}

const SAME: readonly [why: string, published: ComparedPackage, built: ComparedPackage][] = [
  ['the very same', rpm(), rpm()],
  ['another build number', rpm(), rpm({ build: 'b12' })],
  [
    'another time and host',
    rpm(),
    rpm({
      tags: [
        [TIME, ['1']],
        [HOST, ['elsewhere']],
      ],
    }),
  ],
  [
    'digests of a payload that was packed anew',
    rpm(),
    rpm({
      tags: [
        [DIGESTS, ['x']],
        [PAYLOAD, ['y']],
      ],
    }),
  ],
  [
    'a module that was compressed since',
    rpm({ files: [{ path: `${PATH}.xz`, mode: 0o100644, linkTo: '', digest: 'd1' }] }),
    rpm({ files: [{ path: PATH, mode: 0o100644, linkTo: '', digest: 'd1' }] }),
  ],
];
for (const [why, published, built] of SAME) {
  test(`compareBuilds() finds no difference in ${why}`, () => {
    assert.deepEqual(compareBuilds([published], [built]), []);
  });
}

const FILE = { path: PATH, mode: 0o100644, linkTo: '', digest: 'd1' };

const DIFFERENT: readonly [why: string, changes: Changes, message: RegExp][] = [
  ['a module', { files: [{ ...FILE, digest: 'd2' }] }, /jool\.ko differs$/],
  ['a mode', { files: [{ ...FILE, mode: 0o100600 }] }, /jool\.ko differs$/],
  ['a link', { files: [{ ...FILE, linkTo: 'x' }] }, /jool\.ko differs$/],
  ['a file that is gone', { files: [] }, /jool\.ko is gone$/],
  ['a file that is new', { files: [FILE, { ...FILE, path: '/etc/x' }] }, /\/etc\/x is new$/],
  [
    'a text',
    { tags: [[SUMMARY, ['other']]] },
    /^kmod-jool: tag 1004: \["SIIT and NAT64"\] was published, \["other"\] built$/,
  ],
  ['a script', { tags: [[SCRIPT, ['rm -rf /']]] }, /tag 1026/],
  ['what it provides', { tags: [[VERSIONS, [`4.1.9-${NUMBERED}.b1`, '0x9']]] }, /tag 1113/],
  [
    'a tag that nobody knows',
    { tags: [[99_999, ['x']]] },
    /tag 99999: \[\] was published, \["x"\] built$/,
  ],
  [
    'the version',
    { nevra: { version: '4.2' } },
    /^kmod-jool: version: 0:4\.1\.9-1\.lab\.k.* 0:4\.2-1\.lab/,
  ],
  ['the epoch', { nevra: { epoch: 1 } }, /^kmod-jool: version: 0:4\.1\.9-/],
  [
    'the spec’s own release',
    { nevra: { release: '2.lab.k6.1.0_55_amd64.b1' } },
    /^kmod-jool: version: /,
  ],
  [
    'the name',
    { nevra: { name: 'kmod-joool' } },
    /^packages: kmod-jool\.x86_64 were published, kmod-joool/,
  ],
];
for (const [why, changes, message] of DIFFERENT) {
  test(`compareBuilds() finds a difference in ${why}`, () => {
    const differences = compareBuilds(
      [rpm({ files: [FILE] })],
      [rpm({ files: [FILE], ...changes })],
    );

    assert.equal(differences.length, 1, differences.join('\n'));
    assert.match(differences[0] ?? '', message);
  });
}

test('compareBuilds() finds a package more or less', () => {
  const devel = rpm({ nevra: { name: 'kmod-jool-devel' } });

  assert.deepEqual(compareBuilds([devel, rpm()], [rpm({ build: 'b2' }), devel]), []);
  assert.match(compareBuilds([rpm()], [rpm(), devel])[0] ?? '', /^packages: /);
  assert.match(compareBuilds([rpm(), devel], [rpm()])[0] ?? '', /^packages: /);
});

test('compareBuilds() takes a number at the end of somebody else’s release for what it is', () => {
  const published = rpm({ nevra: { release: '1' }, tags: [[SUMMARY, ['1 of 1']]] });

  assert.deepEqual(
    compareBuilds([published], [rpm({ nevra: { release: '1' }, tags: [[SUMMARY, ['1 of 1']]] })]),
    [],
  );
  assert.match(
    compareBuilds([published], [rpm({ nevra: { release: '2' } })])[0] ?? '',
    /version: 0:4\.1\.9-1 was/,
  );
});
