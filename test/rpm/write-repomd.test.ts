import assert from 'node:assert/strict';
import test from 'node:test';
import { parseAdvisory } from '../../rpm/advisory.ts';
import { parseRepomd } from '../../rpm/repomd.ts';
import { writeRepomd } from '../../rpm/write-repomd.ts';

test('writeRepomd() writes what parseRepomd() reads', () => {
  const checksum = { type: 'sha256', value: 'ab'.repeat(32) };
  const files = [
    {
      ...{ type: 'primary', location: 'repodata/x-primary.xml.gz', checksum },
      ...{ openChecksum: { ...checksum, value: 'cd'.repeat(32) }, sizeBytes: 1, openSizeBytes: 2 },
    },
    { type: 'modules', location: 'repodata/a&b.yaml.gz', checksum },
  ];

  const text = writeRepomd(files, { revision: '1 < 2', timestampSeconds: 3 });

  assert.deepEqual(parseRepomd(text), { revision: '1 < 2', files });
  assert.equal(text.match(/<timestamp>3</g)?.length, 2);
});

const UPDATE = `<update from="x" status="final" type="security" version="1">
  <id>RHSA-2026:1</id><severity>Important</severity>
  <description>kernel &amp; others</description>
  <pkglist><collection short="c"><name>c</name>
    <package name="kernel-core" version="5.14.0" release="1.el9" epoch="0" arch="x86_64" src="k.src.rpm"><filename>k.rpm</filename></package>
    <package name="perf" version="5.14.0" release="1.el9" arch="x86_64"/>
  </collection></pkglist>
</update>`;

test('parseAdvisory() reads severity and packages', () => {
  const evr = { epoch: 0, version: '5.14.0', release: '1.el9', arch: 'x86_64' };

  assert.deepEqual(parseAdvisory(UPDATE), {
    id: 'RHSA-2026:1',
    type: 'security',
    severity: 'important',
    packages: [
      { name: 'kernel-core', ...evr },
      { name: 'perf', ...evr },
    ],
  });
});

test('parseAdvisory() knows no severity that is no word of it', () => {
  assert.equal('severity' in parseAdvisory(UPDATE.replace('Important', 'None')), false);
  assert.equal(parseAdvisory(UPDATE.replace('Important', 'critical')).severity, 'critical');
});

test('parseAdvisory() refuses what is not well-formed', () => {
  assert.throws(() => parseAdvisory(UPDATE.replace('</id>', '')), /Cannot parse updateinfo\.xml/);
});
