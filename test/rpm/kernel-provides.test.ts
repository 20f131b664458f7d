import assert from 'node:assert/strict';
import test from 'node:test';
import type { Nevra } from '../../model/kernel.ts';
import type { PackageDependencies, RpmDependency } from '../../rpm/header.ts';
import {
  findKernelPart,
  type KernelPart,
  listBondNames,
  listKernelNames,
  mergeKernelProvides,
  nameKernelOf,
} from '../../rpm/kernel-provides.ts';

const UNAME = '5.14.0-611.el9.x86_64';

function toDependencies(list: readonly string[]): readonly RpmDependency[] {
  return list.map((text) => {
    const [name = '', op = '', version = ''] = text.split(' ');
    return { name, op: op === '=' ? op : '', version };
  });
}

function nevraOf(name: string): Nevra {
  return { name, epoch: 0, version: '5.14.0', release: '611.el9', arch: 'x86_64' };
}

function describe(
  provides: readonly string[],
  requires: readonly string[] = [],
): PackageDependencies {
  return { provides: toDependencies(provides), requires: toDependencies(requires) };
}

function partOf(
  name: string,
  provides: readonly string[],
  requires?: readonly string[],
): KernelPart {
  const part = findKernelPart(nevraOf(name), describe(provides, requires));
  assert.ok(part);
  return part;
}

const CORE = partOf(
  'kernel-core',
  [`kernel-uname-r = ${UNAME}`, 'kernel(printk) = 0x1', 'kernel(kfree) = 0x2'],
  [`kernel-modules-core-uname-r = ${UNAME}`],
);
const MODULES = partOf('kernel-modules', [
  `kernel-modules-uname-r = ${UNAME}`,
  'kernel(usb) = 0x3',
]);
const MODULES_CORE = partOf('kernel-modules-core', [
  `kernel-modules-core-uname-r = ${UNAME}`,
  'kernel(tun) = 0x4',
]);
const RT = partOf('kernel-rt-core', [`kernel-uname-r = ${UNAME}+rt`, 'kernel(printk) = 0x9']);
const SUSE = partOf('kernel-azure', ['ksym(azure:printk) = 1']);

test('mergeKernelProvides() puts together what the packages of a kernel export', () => {
  const kernel = mergeKernelProvides([CORE, MODULES, MODULES_CORE]);

  assert.ok(kernel);
  const { symvers, ...rest } = kernel;
  assert.deepEqual(rest, {
    name: UNAME,
    releases: [UNAME, '5.14.0-611.el9'],
    arch: 'x86_64',
    flavour: 'default',
    isFromMetadata: true,
  });
  assert.deepEqual([...symvers.keys()].sort(), ['kfree', 'printk', 'tun', 'usb']);
  assert.deepEqual(symvers.get('usb'), {
    symbol: 'usb',
    crc: 3,
    module: 'kernel-modules',
    exportType: 'EXPORT_SYMBOL',
    namespace: '',
  });
});

test('mergeKernelProvides() tells which packages are missing', () => {
  const missing = (...parts: readonly KernelPart[]) => mergeKernelProvides(parts)?.missingPackages;

  assert.deepEqual(missing(CORE), ['kernel-modules', 'kernel-modules-core']);
  assert.deepEqual(missing(CORE, MODULES), ['kernel-modules-core']);
  assert.deepEqual(missing(MODULES, MODULES_CORE), ['kernel-core']);
  assert.equal(missing(SUSE), undefined);
});

test('mergeKernelProvides() finds no kernel where nothing is exported', () => {
  assert.equal(mergeKernelProvides([]), undefined);
  const devel = partOf('kernel-devel', [`kernel-devel-uname-r = ${UNAME}`]);
  assert.equal(mergeKernelProvides([devel]), undefined);
});

test('nameKernelOf() is the same for packages of one kernel, another for each flavour', () => {
  assert.equal(nameKernelOf(CORE), nameKernelOf(MODULES));
  assert.equal(new Set([CORE, RT, SUSE].map(nameKernelOf)).size, 3);
});

test('listBondNames() gives the version to the default flavour alone', () => {
  assert.deepEqual(listBondNames(RT), [`${UNAME}+rt`]);
  assert.ok(listKernelNames(RT).includes('5.14.0-611.el9'));
  assert.ok(listBondNames(CORE).includes('5.14.0-611.el9'));
  assert.ok(listBondNames(SUSE).includes('5.14.0-611.el9'));
});

const NO_PARTS: readonly [name: string, dependencies: PackageDependencies][] = [
  ['kmod-jool', describe([`kernel-uname-r = ${UNAME}`, 'ksym(default:jool) = 1'])],
  ['kernel-tools', describe(['kernel-tools = 1'])],
  ['kernelshark', describe([`kernel-uname-r = ${UNAME}`])],
];
for (const [name, dependencies] of NO_PARTS) {
  test(`findKernelPart() takes ${name} for no part of a kernel`, () => {
    assert.equal(findKernelPart(nevraOf(name), dependencies), undefined);
  });
}
