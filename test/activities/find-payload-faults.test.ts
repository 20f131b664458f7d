import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { findPayloadFaults } from '../../activities/find-payload-faults.ts';
import { openRpm } from '../../activities/rpm-file.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { makeScratch } from '../support/scratch.ts';

const RPM = fixturePath('rpms/kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm');
const { signal } = new AbortController();

/** Packs the package again with another payload behind the same header. */
async function findAfter(change: (cpio: Buffer) => void): Promise<readonly string[]> {
  await using scratch = await makeScratch();
  const bytes = await readFile(RPM);
  const { payloadOffset } = (await openRpm(RPM)).header;
  const cpio = gunzipSync(bytes.subarray(payloadOffset));
  change(cpio);
  const path = scratch.at('changed.rpm');
  await writeFile(path, Buffer.concat([bytes.subarray(0, payloadOffset), gzipSync(cpio)]));
  return await findPayloadFaults(await openRpm(path), signal);
}

test('findPayloadFaults() finds nothing in what rpmbuild made', async () => {
  for (const payload of ['gzdio', 'xzdio', 'zstdio']) {
    const rpm = await openRpm(fixturePath(`rpms/kmod-demo-1.0~rc1-1.${payload}.x86_64.rpm`));

    assert.deepEqual(await findPayloadFaults(rpm, signal), []);
  }
});

test('findPayloadFaults() finds a module whose bytes are not those of the header', async () => {
  const found = await findAfter((cpio) => {
    const at = cpio.indexOf('ELF') + 40;
    cpio[at] = (cpio[at] ?? 0) ^ 1;
  });

  assert.match(found.join(), /\.ko(?:\.\w+)? is packed with another content than listed/);
});

test('findPayloadFaults() finds a file that no list names, and one that is not there', async () => {
  const found = await findAfter((cpio) => {
    const at = cpio.indexOf('.ko');
    cpio.write('.k0', at);
  });

  assert.match(found.join('\n'), /\.k0.*" is packed, but not listed/);
  assert.match(found.join('\n'), /\.ko\S* is listed, but not packed/);
});

test('findPayloadFaults() finds a mode that the header does not tell', async () => {
  const found = await findAfter((cpio) => {
    const at = cpio.indexOf('000081a4');
    cpio.write('000089ed', at);
  });

  assert.match(found.join(), /is packed as another kind of file than listed/);
});
