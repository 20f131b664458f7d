import assert from 'node:assert/strict';
import test from 'node:test';
import { canonicalModuleName, readLoadNeeds } from '../../kabi/load-needs.ts';
import { ModuleParseError } from '../../model/parse-errors.ts';
import { makeModule } from '../support/made-modules.ts';
import { readFixture } from './fixtures.ts';
import { assertParsesOrThrows, hostileVariants } from './hostile.ts';

test('readLoadNeeds() reads dependencies, soft ones and aliases, dashes as underscores', () => {
  const module = makeModule(
    ...['license=GPL', 'depends=nf-conntrack,libcrc32c', 'softdep=pre: crypto-crc32c post: late'],
    ...['softdep=pre: a\tb\n c', 'softdep=lonely', 'alias=crypto-x', 'alias=pci:v00001002d*'],
  );

  assert.deepEqual(readLoadNeeds(module), {
    depends: ['nf_conntrack', 'libcrc32c'],
    softDepends: ['crypto_crc32c', 'a', 'b', 'c'],
    aliases: ['crypto_x'],
  });
});

test('readLoadNeeds() reads a real module that needs nothing', () => {
  assert.deepEqual(readLoadNeeds(readFixture('modules/acpi_call.ko')), {
    depends: [],
    softDepends: [],
    aliases: [],
  });
});

test('readLoadNeeds() passes over soft dependencies on devices', () => {
  const module = makeModule('softdep=pre: platform:leds-gpio platform:idma64 dw_dmac');

  assert.deepEqual(readLoadNeeds(module).softDepends, ['dw_dmac']);
});

const HOSTILE: readonly [what: string, modinfo: string][] = [
  ['a path', 'depends=../../etc/passwd'],
  ['a space', 'depends=a b'],
  ['a name without end', `depends=${'x'.repeat(100)}`],
  ['more names than can be', `depends=${Array.from({ length: 2001 }, (_, at) => `m${at}`)}`],
];
for (const [what, modinfo] of HOSTILE) {
  test(`readLoadNeeds() refuses ${what} among dependencies`, () => {
    assert.throws(() => readLoadNeeds(makeModule(modinfo)), ModuleParseError);
  });
}

test('readLoadNeeds() parses or refuses every prefix and damage of a module', () => {
  const module = makeModule('depends=a,b', 'softdep=pre: c post: d', 'alias=e');
  for (const bytes of hostileVariants(module, { flipCount: 2000 })) {
    assertParsesOrThrows(() => readLoadNeeds(bytes), ModuleParseError);
  }
});

test('canonicalModuleName() makes one name of both spellings', () => {
  assert.equal(canonicalModuleName('snd-hda-intel'), 'snd_hda_intel');
});
