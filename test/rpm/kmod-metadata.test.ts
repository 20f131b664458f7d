import assert from 'node:assert/strict';
import test from 'node:test';
import type { RpmDependency } from '../../rpm/header.ts';
import { findKmodPackage } from '../../rpm/kmod-metadata.ts';

const NEVRA = { name: 'kmod-jool', epoch: 0, version: '4.1', release: '1.el9', arch: 'x86_64' };

function toDependencies(list: readonly string[]): readonly RpmDependency[] {
  return list.map((text) => {
    const [name = '', op = '', version = ''] = text.split(' ');
    return { name, op: op === '=' ? op : '', version };
  });
}

function find(name: string, requires: readonly string[], provides: readonly string[] = []) {
  const dependencies = { requires: toDependencies(requires), provides: toDependencies(provides) };
  return findKmodPackage({ ...NEVRA, name }, dependencies);
}

test('findKmodPackage() makes one module stand for a package', () => {
  const found = find('kmod-jool', ['kernel(printk) = 0x1'], ['ksym(jool_init) = 0x2']);

  assert.deepEqual(found, {
    name: 'kmod-jool-4.1-1.el9.x86_64',
    modules: [
      {
        name: 'kmod-jool',
        vermagic: '',
        license: '',
        depends: [],
        imports: [{ symbol: 'printk', crc: 1 }],
        importsWithoutCrc: [],
        exports: [{ symbol: 'jool_init', crc: 2 }],
        importNamespaces: [],
        arch: 'x86_64',
        isFromMetadata: true,
      },
    ],
    arch: 'x86_64',
    flavours: [],
    boundTo: [],
    symsets: [],
    importsFromKmods: [],
  });
});

test('findKmodPackage() knows a kmod that is bound to a kernel by its name or its tag', () => {
  const bound = ['kernel-uname-r = 6.9.4'];

  for (const name of ['kmod-a-6.9.4', 'a-kmp-default', 'nvidia-open-kmod-6.9']) {
    assert.equal(find(name, bound)?.builtFor, '6.9.4');
  }
  assert.ok(find('a-driver', bound, ['kernel-modules-for-kernel = 6.9.4']));
  assert.equal(find('kmod-a', [...bound, 'kernel-uname-r = 6.9.5'])?.builtFor, undefined);
});

test('findKmodPackage() passes over what is no kmod', () => {
  assert.equal(find('perf', ['kernel-uname-r = 6.9.4']), undefined);
  assert.equal(find('kmod-libs', ['libc.so.6']), undefined);
  assert.equal(find('kmod', []), undefined);
  const uname = ['kernel-modules-extra-uname-r = 6.9.4'];
  assert.equal(find('kernel-modules-extra', ['kernel(printk) = 0x1'], uname), undefined);
});
