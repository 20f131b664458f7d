import { gunzipSync } from 'node:zlib';
import {
  CpioParseError,
  RepodataParseError,
  RpmHeaderParseError,
} from '../../model/parse-errors.ts';
import { createCpioReader } from '../../rpm/cpio.ts';
import { readRpmHeader } from '../../rpm/header.ts';
import { createPrimaryParser } from '../../rpm/primary.ts';
import { parseRepomd } from '../../rpm/repomd.ts';
import { readFixture } from '../kabi/fixtures.ts';
import { latin1 } from '../kabi/hostile.ts';
import { testEveryVariant } from './every-variant.ts';

const PACKAGES = ['kernel-devel-6.1.0-54.el9.x86_64', 'kmod-demo-1.0~rc1-1.gzdio.x86_64', 'signed'];
for (const name of PACKAGES) {
  const bytes = readFixture(`rpms/${name}.rpm`);
  const { payloadOffset } = await readRpmHeader(sourceOf(bytes));
  testEveryVariant({
    parser: 'readRpmHeader()',
    input: `${name}.rpm`,
    bytes: bytes.subarray(0, payloadOffset),
    parse: (variant) => readRpmHeader(sourceOf(variant)),
    errorClass: RpmHeaderParseError,
    quickCount: 1500,
  });
}

const plain = readFixture('rpms/kmod-demo-1.0~rc1-1.ufdio.x86_64.rpm');
testEveryVariant({
  parser: 'createCpioReader()',
  input: 'the payload of an RPM',
  bytes: plain.subarray((await readRpmHeader(sourceOf(plain))).payloadOffset),
  parse: readArchive,
  errorClass: CpioParseError,
  quickCount: 4000,
});

testEveryVariant({
  parser: 'createPrimaryParser()',
  input: "createrepo_c's primary.xml",
  bytes: gunzipSync(readFixture('repodata/primary.xml.gz')),
  parse: readPrimary,
  errorClass: RepodataParseError,
  quickCount: 750,
});
testEveryVariant({
  parser: 'parseRepomd()',
  input: "createrepo_c's repomd.xml",
  bytes: readFixture('repodata/repomd.xml'),
  parse: (bytes) => parseRepomd(latin1(bytes)),
  errorClass: RepodataParseError,
  quickCount: 10_000,
});

function sourceOf(bytes: Uint8Array) {
  return {
    byteLength: bytes.length,
    slice: async (start: number, end: number) => bytes.subarray(start, end),
  };
}

function readArchive(bytes: Uint8Array): void {
  const reader = createCpioReader({ wants: () => true, onFile: () => undefined });
  // In two pieces, so that contents are put together.
  reader.write(bytes.subarray(0, 1000));
  reader.write(bytes.subarray(1000));
  reader.close();
}

function readPrimary(bytes: Uint8Array): void {
  const parser = createPrimaryParser({ onPackage: () => undefined, isWanted: () => true });
  parser.write(latin1(bytes));
  parser.close();
}
