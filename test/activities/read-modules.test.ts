import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { readModules } from '../../activities/read-modules.ts';
import { openRpm, type RpmFileReader } from '../../activities/rpm-file.ts';
import { ModuleParseError } from '../../model/parse-errors.ts';
import { type ExpectedPackages, findDialect } from '../../rpm/spec.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { DEBIAN } from '../support/target-kernels.ts';

const signal = new AbortController().signal;
const GHOST = '/lib/modules/6.1.0-54-amd64/extra/drivers/video/nvidia/acpi_call.ko';
const OBJECT = '/usr/lib64/nvidia/535.1/6.1.0-54-amd64/acpi_call.mod.o';

/** A package with these files in its payload, and these paths in its header. */
async function packageOf(
  files: Readonly<Record<string, Uint8Array>>,
  paths: readonly string[],
): Promise<RpmFileReader> {
  const rpm = await openRpm(fixturePath('rpms/kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'));
  const [file] = rpm.header.files;
  assert.ok(file);
  return {
    ...rpm,
    header: { ...rpm.header, files: paths.map((path) => ({ ...file, path })) },
    readFiles: async ({ wants }) => new Map(Object.entries(files).filter(([path]) => wants(path))),
  };
}

function expectedBy(name: string): ExpectedPackages | undefined {
  return findDialect(name)?.expectPackages('', DEBIAN);
}

const MOD_O = readFileSync(fixturePath('modules/acpi_call.mod.o'));
const KO = readFileSync(fixturePath('modules/acpi_call.ko'));

test('readModules() takes a module that is linked at installation for the ghost', async () => {
  const rpm = await packageOf({ [OBJECT]: MOD_O }, [OBJECT, GHOST]);

  const { modules } = await readModules(rpm, expectedBy('nvidia-precompiled'), signal);

  const [module] = modules;
  assert.equal(modules.length, 1);
  assert.equal(module?.path, GHOST);
  assert.match(module?.vermagic ?? '', /^6\.1\.0-54-amd64 SMP /);
  assert.deepEqual(module?.importsWithoutCrc, []);
  assert.equal(module?.isFromMetadata, true);
  const linked = await readModules(await packageOf({ [GHOST]: KO }, [GHOST]), undefined, signal);
  assert.deepEqual(module?.imports, linked.modules[0]?.imports);
  assert.equal(linked.uses.length, 1);
});

test('readModules() leaves objects alone where modules are shipped', async () => {
  const rpm = await packageOf({ [OBJECT]: MOD_O, [GHOST]: KO }, [OBJECT, GHOST]);

  for (const expected of [undefined, expectedBy('elrepo')]) {
    const { modules } = await readModules(rpm, expected, signal);

    assert.deepEqual(
      modules.map(({ path, isFromMetadata }) => [path, isFromMetadata]),
      [[GHOST, undefined]],
    );
  }
});

test('readModules() leaves an object where it is that no ghost belongs to', async () => {
  const rpm = await packageOf({ [OBJECT]: MOD_O }, [OBJECT, `${GHOST}.not`]);

  const { modules } = await readModules(rpm, expectedBy('nvidia-precompiled'), signal);

  assert.equal(modules[0]?.path, OBJECT);
});

test('readModules() refuses what is no module', async () => {
  const rpm = await packageOf({ [GHOST]: Buffer.from('text') }, [GHOST]);

  await assert.rejects(readModules(rpm, undefined, signal), ModuleParseError);
});
