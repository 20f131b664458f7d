import { readFile, writeFile } from 'node:fs/promises';
import { openRpm } from '../../activities/rpm-file.ts';
import { makeElf } from '../../lab/fast/make-elf.ts';
import { type CpioEntry, writeCpio } from '../../rpm/cpio-writer.ts';
import { fixturePath } from '../kabi/fixtures.ts';

/** Makes the smallest module that says of itself what is given, e.g. `depends=mc,videodev`. */
export function makeModule(...modinfo: readonly string[]): Uint8Array {
  const bytes = Buffer.from([...modinfo, ''].join('\0'));
  return makeElf({
    is64Bit: true,
    isLittleEndian: true,
    sections: [{ name: '.modinfo', bytes }],
    symbols: [],
  });
}

/** Writes an RPM of the given files: a fixture's header in front of a payload of our own. */
export async function writeMadeRpm(
  path: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const fixture = fixturePath('rpms/kmod-demo-1.0~rc1-1.ufdio.x86_64.rpm');
  const { header } = await openRpm(fixture);
  const head = (await readFile(fixture)).subarray(0, header.payloadOffset);
  const entries = Object.entries(files).map(
    ([name, bytes]): CpioEntry => ({ kind: 'file', path: `.${name}`, bytes }),
  );
  await writeFile(path, Buffer.concat([head, writeCpio(entries)]));
}
