import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a build of a fast kmod makes, and how it ends where that is scripted. */
export interface FastSource {
  /** Name of its one module, e.g. `fast_0001`. */
  readonly module: string;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Of the module, so that packages may be as large as real ones. @default {0} */
  readonly paddingBytes: number;
  /** The first that names the kernel counts; where none does, the build makes what it should. */
  readonly script: readonly ScriptedBuild[];
}

/** How a build goes for some kernels. */
export interface ScriptedBuild {
  /** `uname -r`; all kernels when absent. */
  readonly releases?: readonly string[] | undefined;
  /** Before it ends. @default {0} */
  readonly delayMs: number;
  /**
   * - `built`: as it should.
   * - `failed`: exit code 1 with `log`.
   * - `trouble`: the backend itself fails, with `log` as its message: that passes.
   * - `other-kernel`: a module for another kernel, which the verify station must refuse.
   * - `no-modules`: nothing in the package.
   */
  readonly end: 'built' | 'failed' | 'trouble' | 'other-kernel' | 'no-modules';
  /** What the build says, besides. */
  readonly log: string;
}

/** A kmod to write; whatever is absent is of no interest. */
export interface FastKmod {
  /** E.g. `fast-0001`; its package is `kmod-fast-0001`. */
  readonly name: string;
  /** @default {'1.0'} */
  readonly version?: string;
  /** @default {['module_layout', 'kapi_00000']} */
  readonly imports?: readonly string[];
  readonly exports?: readonly string[];
  readonly paddingBytes?: number;
  readonly script?: readonly Partial<ScriptedBuild>[];
}

const SOURCE = 'fast.json';

const Source = z.strictObject({
  module: z.string().regex(/^[a-z0-9_]{1,55}$/),
  imports: z.array(z.string()),
  exports: z.array(z.string()),
  paddingBytes: z
    .number()
    .int()
    .min(0)
    .max(64 * 1024 * 1024),
  script: z.array(
    z.strictObject({
      releases: z.array(z.string()).optional(),
      delayMs: z.number().min(0).default(0),
      end: z.enum(['built', 'failed', 'trouble', 'other-kernel', 'no-modules']).default('built'),
      log: z.string().default(''),
    }),
  ),
});

/**
 * Writes a kmod that only the fast backend can build: a spec in ELRepo's form and what is to come out of
 * it. Writing it again with other content is a new source.
 *
 * @param directory Gets a folder of the kmod's name.
 * @returns Path of the spec.
 */
export async function writeFastKmod(directory: string, kmod: FastKmod): Promise<string> {
  const folder = join(directory, kmod.name);
  await mkdir(folder, { recursive: true });
  const { imports = ['module_layout', 'kapi_00000'], exports = [], script = [] } = kmod;
  const module = kmod.name.replaceAll('-', '_');
  const source = { module, imports, exports, paddingBytes: kmod.paddingBytes ?? 0, script };
  const spec = join(folder, `kmod-${kmod.name}.spec`);
  await writeFile(join(folder, SOURCE), `${JSON.stringify(Source.parse(source), undefined, 1)}\n`);
  await writeFile(spec, describeSpec(kmod));
  return spec;
}

/** Reads what a laid-out kmod wants made. */
export async function readFastSource(directory: string): Promise<FastSource> {
  return Source.parse(JSON.parse(await readFile(join(directory, SOURCE), 'utf8')));
}

function describeSpec({ name, version = '1.0' }: FastKmod): string {
  return `# Only the lab's fast backend builds it: nothing is compiled.
%{!?kmod_kernel_version: %define kmod_kernel_version 5.14.0-1.el9}
Name: kmod-${name}
Version: ${version}
Release: 1
Summary: ${name}
License: GPL-2.0-only
Source0: ${SOURCE}
ExclusiveArch: x86_64
Requires: kernel >= %{kmod_kernel_version}
%description
Made by the lab.
%build
%install
%files
`;
}
