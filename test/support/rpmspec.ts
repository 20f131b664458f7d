import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Injection } from '../../rpm/spec.ts';
import { makeScratch } from './scratch.ts';

/** What a machine without rpm's own programs leaves out. */
export const WITHOUT_RPMSPEC = spawnSync('rpmspec', ['--version']).error
  ? { skip: 'rpmspec not found' }
  : {};

/**
 * The vendors' macros as far as specs are parsed by them: two flavours are installed, and a list
 * says which of them are built.
 */
const VENDOR_MACROS = `
%kernel_module_package_buildreqs kernel-devel
%kernel_module_package(n:v:r:s:t:f:xp:bc:) %{expand:
%%global flavors_to_build %{?1:%*}%{!?1:azure default}
%{?kernel_version:%%global kverrel %{kernel_version}}
}
%suse_kernel_module_package(n:v:r:s:t:f:xp:bc:) %{expand:
%%global flavors_to_build %{-x:%*}%{!-x:azure default}
}
%dist .el9
%driver 535.1
`;

/** What rpm says about a spec. */
export interface ParsedSpec {
  readonly exitCode: number | null;
  /** Name, version and release of the source package, e.g. `kmod-demo 1.2 4.el9`. */
  readonly nvr: string;
  readonly sources: readonly string[];
  readonly stderr: string;
}

/** Gives a spec to the real rpm. */
export async function runRpmspec({
  specText,
  defines,
}: Pick<Injection, 'specText' | 'defines'>): Promise<ParsedSpec> {
  await using scratch = await makeScratch();
  await writeFile(scratch.at('demo.spec'), specText);
  await writeFile(scratch.at('macros'), VENDOR_MACROS);
  const { status, stdout, stderr } = spawnSync(
    'rpmspec',
    [
      ['--load', scratch.at('macros'), '--query', '--srpm'],
      ['--qf', '%{NAME} %{VERSION} %{RELEASE}\n[%{SOURCE} ]'],
      ...Object.entries(defines).map(([name, value]) => ['--define', `${name} ${value}`]),
      [scratch.at('demo.spec')],
    ].flat(),
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  const [nvr = '', sources = ''] = stdout.split('\n');
  return { exitCode: status, nvr, sources: sources.trimEnd().split(' '), stderr };
}
