import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectStream, parseOsRelease } from '../../config/detect-stream.ts';

const SHIPPED = [
  'almalinux-9',
  'centos-stream-9',
  'fedora-44',
  'opensuse-leap-16',
  'opensuse-tumbleweed',
];

test('detectStream() finds the shipped stream of a distribution', () => {
  const detect = (id: string, version: string) => detectStream({ id, version, name: '' }, SHIPPED);
  assert.equal(detect('fedora', '44'), 'fedora-44');
  assert.equal(detect('almalinux', '9.6'), 'almalinux-9');
  assert.equal(detect('centos', '9'), 'centos-stream-9');
  assert.equal(detect('opensuse-leap', '16.0'), 'opensuse-leap-16');
  assert.equal(detect('opensuse-tumbleweed', '20261120'), 'opensuse-tumbleweed');
  assert.equal(detect('fedora', '45'), undefined);
  assert.equal(detect('debian', '12'), undefined);
  assert.equal(detect('', ''), undefined);
});

test('parseOsRelease() reads quoted and plain values and passes over the rest', () => {
  const text =
    '# comment\nID="centos"\nVERSION_ID=\'9\'\nPRETTY_NAME="CentOS Stream 9"\nBROKEN\n=x\n';
  assert.deepEqual(parseOsRelease(text), { id: 'centos', version: '9', name: 'CentOS Stream 9' });
  assert.deepEqual(parseOsRelease(''), { id: '', version: '', name: '' });
});
