import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Nevra } from '../model/kernel.ts';

/** A package that holds nothing but a name. */
export interface TinyRpm {
  readonly path: string;
  readonly fileName: string;
  readonly nevra: Nevra;
}

const run = promisify(execFile);

/**
 * Makes real RPMs `kmod-tiny-00001` and so on, all by one run of rpmbuild: a thousand take a second.
 *
 * @param directory Gets the packages; what is there already stays.
 * @param options `release`: e.g. `1.b2`, for another build of the same names.
 */
export async function makeTinyRpms(
  directory: string,
  { count, release = '1' }: { readonly count: number; readonly release?: string },
): Promise<readonly TinyRpm[]> {
  const rpms = Array.from({ length: count }, (_, index): TinyRpm => {
    const name = `kmod-tiny-${`${index + 1}`.padStart(5, '0')}`;
    const fileName = `${name}-1-${release}.noarch.rpm`;
    const nevra = { name, epoch: 0, version: '1', release, arch: 'noarch' };
    return { path: join(directory, fileName), fileName, nevra };
  });
  await mkdir(directory, { recursive: true });
  const there = new Set(await readdir(directory));
  if (rpms.every(({ fileName }) => there.has(fileName))) return rpms;
  const top = await mkdtemp(join(tmpdir(), 'rekmod-tiny-'));
  try {
    const spec = join(top, 'tiny.spec');
    await writeFile(spec, describeSpec(rpms, release));
    const macros = [
      `_topdir ${top}`,
      `_rpmdir ${directory}`,
      '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    ];
    await run('rpmbuild', ['-bb', ...macros.flatMap((macro) => ['--define', macro]), spec], {
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    await rm(top, { recursive: true, force: true });
  }
  return rpms;
}

function describeSpec(rpms: readonly TinyRpm[], release: string): string {
  const packages = rpms.map(
    ({ nevra: { name } }) => `%package -n ${name}
Summary: Tiny
%description -n ${name}
Tiny.
%files -n ${name}
`,
  );
  return `Name: tiny
Version: 1
Release: ${release}
Summary: Tiny
License: MIT
BuildArch: noarch
%description
Tiny.
${packages.join('')}`;
}
