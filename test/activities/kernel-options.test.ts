import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { runProgram } from '../../activities/run-program.ts';
import { StateDamagedError } from '../../model/activity-errors.ts';
import type { StoredFile } from '../../model/store.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { type DataRig, makeDataRig } from '../support/data-rig.ts';

const { signal } = new AbortController();
const CONFIG =
  '# CONFIG_OFF is not set\nCONFIG_PCI=y\nCONFIG_USB=m\nCONFIG_HZ=250\nCONFIG_NAME="m"\n';

/** A kernel-devel with a configuration where it is packaged. */
async function addDevel(rig: DataRig, path: string): Promise<StoredFile> {
  const top = rig.scratch.at('top');
  await mkdir(top, { recursive: true });
  await writeFile(join(top, 'config'), CONFIG);
  const spec = join(top, 'devel.spec');
  await writeFile(
    spec,
    `Name: kernel-devel\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nAutoReqProv: no\n%description\nx\n%install\ninstall -D ${join(top, 'config')} %{buildroot}${path}\n%files\n${path}\n`,
  );
  await runProgram(['rpmbuild', '-bb', '--define', `_topdir ${top}`, spec]);
  const names = await readdir(join(top, 'RPMS'), { recursive: true });
  const [rpm = ''] = names.filter((name) => name.endsWith('.rpm'));
  return await rig.store.addFile(join(top, 'RPMS', rpm));
}

for (const path of [
  '/usr/src/kernels/6.1.0-55-amd64/.config',
  '/usr/src/linux-6.4.0-150600.21-obj/x86_64/default/.config',
]) {
  test(`readKernelOptions() reads ${path}, and remembers it`, async () => {
    await using rig = await makeDataRig();
    const devel = await addDevel(rig, path);

    const options = await rig.readKernelOptions(devel, signal);

    assert.deepEqual([...(options ?? [])], ['CONFIG_PCI', 'CONFIG_USB']);
    await rm(rig.store.pathOf(devel.sha256));
    assert.deepEqual(await rig.readKernelOptions(devel, signal), options);
  });
}

test('readKernelOptions() takes what the configuration was made into, where that is all there is', async () => {
  await using rig = await makeDataRig();
  const name = 'kernel-devel-6.1.0-54.el9.x86_64.rpm';
  const devel = await rig.store.addFile(fixturePath(`rpms/${name}`));

  const options = await rig.readKernelOptions(devel, signal);

  assert.ok(options?.has('CONFIG_MODVERSIONS'));
});

test('readKernelOptions() knows none of a kernel without a configuration', async () => {
  await using rig = await makeDataRig();
  const devel = await rig.store.addFile(fixturePath('rpms/kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'));

  assert.equal(await rig.readKernelOptions(devel, signal), undefined);
});

test('readKernelOptions() tries again after a failure', async () => {
  await using rig = await makeDataRig();
  const devel = await addDevel(rig, '/usr/src/kernels/1/.config');
  const missing = { ...devel, sizeBytes: 1 };

  await assert.rejects(rig.readKernelOptions(missing, signal), StateDamagedError);

  assert.equal((await rig.readKernelOptions(devel, signal))?.size, 2);
});
