import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Lab } from '../../lab/read-lab.ts';
import { takeKmods } from './require-lab.ts';

const run = promisify(execFile);
const SPECS = fileURLToPath(new URL('../../lab/family', import.meta.url));

/** The modules of tp-smapi as three kmods: one exports symbols, two import them. */
export interface Family {
  /** Kmods by name, as `moreKmods` of a world takes them. */
  readonly kmods: Readonly<Record<string, string>>;
  /** Changes the provider's source as `sed` does, e.g. `s/int/long/`. */
  changeProvider(expression: string): Promise<void>;
  /** Gives the provider its real source again. */
  healProvider(): Promise<void>;
}

/**
 * Makes the family of real sources: `thinkpad-ec`, whose symbols `tp-smapi` uses with a header of its
 * -devel package, and `hdaps`, a DKMS source that only the inventory says to need it.
 */
export async function makeFamily(lab: Lab, directory: string): Promise<Family> {
  const [origin] = takeKmods(lab, 'tp-smapi');
  if (!origin) throw new Error('BUG: no kmod was taken');
  const archive = (await readdir(origin.sourceDirectory)).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error('the lab has no source of tp-smapi');
  const original = join(origin.sourceDirectory, archive);
  const folder = basename(archive, '.tar.gz');
  const version = folder.replace('tp-smapi-', '');
  for (const name of ['thinkpad-ec', 'tp-smapi']) {
    await mkdir(join(directory, name), { recursive: true });
    const spec = await readFile(join(SPECS, `${name}-kmod.spec`), 'utf8');
    const text = spec.replace(/^(Version: +).*$/m, `$1${version}`);
    await writeFile(join(directory, name, `${name}-kmod.spec`), text);
    await copyFile(original, join(directory, name, archive));
  }
  await run('tar', ['-xzf', original, '-C', directory]);
  await makeDkms(join(directory, 'hdaps'), join(directory, folder), version);
  const provided = join(directory, 'thinkpad-ec', archive);
  return {
    kmods: {
      'thinkpad-ec': `spec: ${directory}/thinkpad-ec/thinkpad-ec-kmod.spec`,
      'tp-smapi': `spec: ${directory}/tp-smapi/tp-smapi-kmod.spec`,
      hdaps: `dkms: ${directory}/hdaps, needs: [thinkpad-ec]`,
    },
    async changeProvider(expression) {
      await run('tar', ['-xzf', original, '-C', directory]);
      const files = ['thinkpad_ec.c', 'thinkpad_ec.h'].map((file) => join(directory, folder, file));
      await run('sed', ['-i', expression, ...files]);
      await run('tar', ['-czf', provided, '-C', directory, folder]);
    },
    healProvider: () => copyFile(original, provided),
  };
}

/** Debian packs hdaps with the provider; alone it is a folder with what it is made of. */
async function makeDkms(target: string, source: string, version: string): Promise<void> {
  await mkdir(target);
  for (const name of ['hdaps.c', 'thinkpad_ec.h']) {
    await copyFile(join(source, name), join(target, name));
  }
  await copyFile(join(SPECS, 'hdaps', 'Makefile'), join(target, 'Makefile'));
  const conf = await readFile(join(SPECS, 'hdaps', 'dkms.conf'), 'utf8');
  const text = conf.replace(/^(PACKAGE_VERSION=).*$/m, `$1"${version}"`);
  await writeFile(join(target, 'dkms.conf'), text);
}
