import assert from 'node:assert/strict';
import test from 'node:test';
import { guessSuseProducts, readSuseProduct } from '../../rpm/suse-products.ts';

for (const [name, expected] of [
  ['tw', ['tw']],
  ['leap15.6', ['leap15.6']],
  ['sle15', ['sles15', 'sled15']],
  ['sles15', ['sles15']],
  ['sled12', ['sled12']],
  ['sle16', ['sle16']],
  ['sles16', ['sle16']],
  ['leap16.0', ['leap16.0']],
] as const) {
  test(`readSuseProduct() reads ${name}`, () => {
    assert.deepEqual(readSuseProduct(name), expected);
  });
}

test('readSuseProduct() refuses what no installer looks for', () => {
  for (const name of ['', 'sle', 'leap15', 'sle15-sp6', 'rhel9', '../leap15.6', 'leap15.6\n']) {
    assert.equal(readSuseProduct(name), undefined, JSON.stringify(name));
  }
});

for (const [release, expected] of [
  ['6.4.0-150600.23.7-default', ['leap15.6', 'sles15', 'sled15']],
  ['6.12.0-160000.5-default', ['leap16.0', 'sle16']],
  ['6.12.6-1-default', ['tw']],
] as const) {
  test(`guessSuseProducts() finds the products of ${release}`, () => {
    const evr = { epoch: 0, version: '1', release: '1' };
    const kernel = { release, evr, arch: 'x86_64', flavour: 'default' };
    assert.deepEqual(guessSuseProducts(kernel), expected);
    assert.deepEqual(guessSuseProducts({ ...kernel, flavour: 'rt' }), []);
  });
}

test("guessSuseProducts() makes nothing of another vendor's kernel", () => {
  const evr = { epoch: 0, version: '6.1.0', release: '54' };
  const kernel = { release: '6.1.0-54-amd64', evr, arch: 'x86_64', flavour: 'default' };
  assert.deepEqual(guessSuseProducts(kernel), []);
});
