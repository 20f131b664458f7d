import assert from 'node:assert/strict';
import test from 'node:test';
import { layOutRhelDisk } from '../../rpm/rhel-driver-disk.ts';
import { layOutSuseUpdate } from '../../rpm/suse-driver-update.ts';

const PACKAGE = { fileName: 'kmod-jool-4.1.9-1.x86_64.rpm', from: '/store/1' };

test('layOutRhelDisk() marks the disk without a newline and puts packages below their architecture', () => {
  assert.deepEqual(layOutRhelDisk('aarch64', [PACKAGE]), [
    { path: 'rhdd3', content: { kind: 'text', text: 'Driver Update Disk version 3' } },
    {
      path: 'rpms/aarch64/kmod-jool-4.1.9-1.x86_64.rpm',
      content: { kind: 'copy', from: '/store/1' },
    },
  ]);
});

test('layOutSuseUpdate() lays out modules, packages and keys for the first product, links for the others', () => {
  const files = layOutSuseUpdate({
    arch: 'x86_64',
    products: ['leap15.6', 'sles15'],
    id: '0123',
    names: ['jool one', 'jool two'],
    packages: [PACKAGE],
    modules: [
      { fileName: 'jool-common.ko.zst', from: '/m/1' },
      { fileName: 'jool.ko', from: '/m/2' },
    ],
    keys: [{ name: 'gpg-pubkey-1-2', armored: 'key\n' }],
  });

  const base = 'linux/suse/x86_64-leap15.6';
  const config =
    '# Made by rekmod.\nUpdateID:\t0123\nUpdateName:\tjool one\nUpdateName:\tjool two\n';
  assert.deepEqual(
    files.map(({ path, content }) => [path, ...Object.values(content)]),
    [
      [`${base}/dud.config`, 'text', config],
      [`${base}/install/kmod-jool-4.1.9-1.x86_64.rpm`, 'copy', '/store/1'],
      [`${base}/modules/jool-common.ko.zst`, 'copy', '/m/1'],
      [`${base}/modules/jool.ko`, 'copy', '/m/2'],
      [`${base}/modules/module.order`, 'text', 'jool-common\njool\n'],
      [`${base}/inst-sys/usr/lib/rpm/gnupg/keys/gpg-pubkey-1-2.asc`, 'text', 'key\n'],
      ['linux/suse/x86_64-sles15', 'link', 'x86_64-leap15.6'],
    ],
  );
});
