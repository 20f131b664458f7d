import { compareVersions } from '../rpm/evr.ts';
import type { RpmDependency } from '../rpm/header.ts';
import type { ExpectedPackages } from '../rpm/spec.ts';
import type { PackageContent } from './package-content.ts';

/** A module, or what it is linked of when the package is installed. */
const MODULE_FILE = /\.ko(?:\.(?:xz|zst|gz))?$/;
/** By which a package can say that it is for one kernel. */
const KERNEL_NAMES: ReadonlySet<string> = new Set([
  'kernel',
  'kernel-core',
  'kernel-uname-r',
  'kernel-core-uname-r',
  'kernel-modules-uname-r',
  'kernel-modules-core-uname-r',
]);

/**
 * Finds where packages differ from what their spec's dialect makes.
 *
 * @param release `uname -r` of the kernel that they were built for.
 * @returns Sentences for people; empty when all is as expected.
 */
export function findUnexpected(
  packages: readonly PackageContent[],
  expected: ExpectedPackages,
  release: string,
): readonly string[] {
  return packages.flatMap((content) => [
    ...findWrongNames(content, expected),
    ...findWrongFolders(content, expected, release),
    ...findOtherKernels(content, release),
  ]);
}

/** Packages without modules may have any name, but none may have a Release of before this build. */
function findWrongNames(
  { fileName, nevra, files }: PackageContent,
  { dialect, name, version, release = '*' }: ExpectedPackages,
): readonly string[] {
  const hasModules = files.some(({ path }) => MODULE_FILE.test(path));
  const forms = { name: hasModules ? name : '*', version: hasModules ? version : '*', release };
  return (['name', 'version', 'release'] as const)
    .filter((part) => !fits(nevra[part], forms[part]))
    .map((part) => {
      const found = `found ${nevra[part]}`;
      return `${fileName}: expected the ${part} ${forms[part]} (dialect ${dialect}), ${found}`;
    });
}

/** Other kernels' folders are found by {@link verifyPackages}. */
function findWrongFolders(
  { files }: PackageContent,
  { dialect, directories }: ExpectedPackages,
  release: string,
): readonly string[] {
  if (directories.length === 0) return [];
  const base = `/lib/modules/${release}/`;
  const folders = directories.map((directory) => `${base}${directory}/`);
  return files
    .map(({ path }) => path.replace(/^\/usr(?=\/lib\/modules\/)/, ''))
    .filter((path) => MODULE_FILE.test(path) && path.startsWith(base))
    .filter((path) => !folders.some((folder) => path.startsWith(folder)))
    .map((path) => `${path}: expected a path below ${folders.join(' or ')} (dialect ${dialect})`);
}

/** Such a package could not be installed with its own kernel, but perhaps with another. */
function findOtherKernels(
  { fileName, requires = [] }: PackageContent,
  release: string,
): readonly string[] {
  return requires
    .filter(({ name }) => KERNEL_NAMES.has(name))
    .filter((dependency) => !allows(dependency, release))
    .map((found) => `${fileName}: expected to allow the kernel ${release}, found ${write(found)}`);
}

/** Reads `uname -r` as a version: rpm cannot write a second dash, and specs leave out architectures. */
function allows({ op, version }: RpmDependency, release: string): boolean {
  const wanted = version.replace(/^[0-9]+:/, '');
  const order = compareVersions(release, wanted);
  const isSame = order === 0 || `${toDots(release)}.`.startsWith(`${toDots(wanted)}.`);
  if (op === '=') return isSame;
  if (op === '>=') return order >= 0;
  if (op === '<=') return order <= 0 || isSame;
  if (op === '>') return order > 0;
  return op === '<' ? order < 0 : true;
}

function toDots(version: string): string {
  return version.replaceAll('-', '.');
}

function write({ name, op, version }: RpmDependency): string {
  return `${name} ${op} ${version}`;
}

/** `*` is any text. */
function fits(text: string, form: string): boolean {
  const parts = form.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
