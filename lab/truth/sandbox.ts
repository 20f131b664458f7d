import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import type { BuiltModule } from './builds.ts';
import type { TruthKernel } from './kernels.ts';

/** A module in a sandbox: its place there, relative to `lib/modules/<release>`. */
export interface PlacedModule {
  /** E.g. `weak-updates/jool/jool.ko`. */
  readonly path: string;
  readonly module: BuiltModule;
}

/** What depmod wrote, in the two parts that matter. */
export interface DepmodRun {
  readonly stdout: string;
  readonly stderr: string;
}

/** A kernel's module tree by links, to which modules can be added and taken away again. */
export interface Sandbox extends AsyncDisposable {
  add(modules: readonly PlacedModule[]): Promise<void>;
  remove(modules: readonly PlacedModule[]): Promise<void>;
  /** `depmod -n -a -e -E Module.symvers`: looks at all modules and writes nothing. */
  runDepmod(): Promise<DepmodRun>;
  /** The absolute path by which depmod names a module. */
  locate(module: PlacedModule): string;
}

/** RHEL's order; it decides which of two modules of one name counts. */
const SEARCH = 'search updates extra built-in weak-updates';
const OUTPUT_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * Opens a sandbox of a kernel; it is gone with its scope.
 *
 * @param inTree Paths of the kernel's own modules that are in it, e.g. `kernel/net/mac80211/mac80211.ko`; all by default.
 */
export async function openSandbox(
  kernel: TruthKernel,
  inTree?: readonly string[],
): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), 'rekmod-truth-'));
  const home = join(kernel.directory, 'lib', 'modules', kernel.release);
  const modules = join(root, 'lib', 'modules', kernel.release);
  const conf = join(root, 'depmod.conf');
  await mkdir(modules, { recursive: true });
  const lists = (await readdir(home)).filter((name) => /^modules\.(?:order|builtin)/.test(name));
  for (const path of [...lists, ...(inTree ?? ['kernel'])]) {
    await mkdir(dirname(join(modules, path)), { recursive: true });
    await symlink(join(home, path), join(modules, path));
  }
  await writeFile(conf, `${SEARCH}\n`);
  const overrides = new Set<string>();
  const locate = ({ path }: PlacedModule): string => join(modules, path);
  const { release, symversFile } = kernel;
  const { PATH = '' } = process.env;
  return {
    locate,
    async add(added) {
      for (const placed of added) {
        await mkdir(dirname(locate(placed)), { recursive: true });
        await symlink(placed.module.file, locate(placed));
        overrides.add(describeOverride(placed));
      }
      await writeFile(conf, [SEARCH, ...overrides, ''].join('\n'));
    },
    async remove(removed) {
      for (const placed of removed) await rm(locate(placed), { force: true });
    },
    async runDepmod() {
      const { stdout, stderr } = await runProgram(
        ['depmod', '-n', '-a', '-e', '-E', symversFile, '-b', root, '-C', conf, release],
        { maxOutputBytes: OUTPUT_LIMIT_BYTES, env: { PATH: `${PATH}:/usr/sbin:/sbin` } },
      );
      return { stdout, stderr };
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}

/**
 * Packages of kmods carry such a line for each module: without it, a module of the kernel that has the
 * same name (hdaps, echo) hides the one in weak-updates.
 */
function describeOverride({ path }: PlacedModule): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return `override ${file.slice(0, file.indexOf('.ko'))} * ${dirname(path)}`;
}

/** Places the modules of kmods as weak-modules would: `weak-updates/<kmod>/<file>`, or below `extra`. */
export function placeModules(
  builds: readonly { readonly kmod: string; readonly modules: readonly BuiltModule[] }[],
  folder: 'weak-updates' | 'extra',
): readonly PlacedModule[] {
  return builds.flatMap(({ kmod, modules }) =>
    modules.map((module) => ({
      path: `${folder}/${kmod}/${module.file.slice(module.file.lastIndexOf('/') + 1)}`,
      module,
    })),
  );
}
