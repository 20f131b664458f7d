import type { DiskFormat, DiskKmod } from '../model/driver-disk.ts';
import type { JudgedPackage } from '../model/kabi-check.ts';
import type { Verdict } from '../model/verdict.ts';
import type { InstallerView } from '../rpm/installer-provides.ts';
import { cleanText } from './clean-text.ts';
import { describePackageVerdict } from './describe-package-verdict.ts';
import { describeVerdict } from './describe-verdict.ts';

/** A package that is to go on a driver disk. */
export interface DiskContent {
  readonly kmod: string;
  /** E.g. `kmod-jool-4.1.9-1.k5.14.0_611.el9.b1.x86_64.rpm`. */
  readonly fileName: string;
  /** `uname -r` of the kernel that it was built for. */
  readonly builtFor: string;
  /** Whether it wants that kernel and no other. */
  readonly isBound: boolean;
  /** Base names of its modules, e.g. `jool.ko.xz`. */
  readonly modules: readonly string[];
  readonly view: InstallerView;
}

/** What a driver disk would be made of. */
export interface DiskPlan {
  readonly kmod: string;
  /** `uname -r` of the installer's kernel. */
  readonly release: string;
  readonly format: DiskFormat;
  readonly contents: readonly DiskContent[];
  /** Of the packages with modules, together with the installer's kernel. */
  readonly judged: readonly JudgedPackage[];
}

/** Says why a kmod cannot go on a driver disk: it has no published build for the kernel. */
export function describeMissingBuild(
  { kmod, verdict }: { readonly kmod: string; readonly verdict?: Verdict },
  release: string,
): string {
  const expected = `expected a published build of ${kmod} for this kernel, found none`;
  if (verdict === undefined)
    return `${expected}; its source cannot be read, "rekmod plan" says why`;
  if (verdict.kind === 'keep') {
    return `${expected}: it is kept thanks to packages of somebody else (${describeVerdict(verdict)})`;
  }
  const advice = verdict.kind === 'excluded' ? '' : `; run "rekmod rebuild ${kmod} -k ${release}"`;
  return `${expected} (${describeVerdict(verdict)})${advice}`;
}

/**
 * Says what would keep a driver disk from doing in the installer what it is made for.
 *
 * @returns Sentences that name the package and what to do; empty if all is well.
 */
export function describeDiskFaults(plan: DiskPlan): readonly string[] {
  const { kmod, release, format, contents, judged } = plan;
  const own = contents.filter((content) => content.kmod === kmod);
  const faults: string[] = [];
  if (own.every(({ modules }) => modules.length === 0)) {
    faults.push(`expected packages of ${kmod} with kernel modules, found ${listNames(own)}`);
  }
  if (format === 'rhel') {
    const withModules = contents.filter(({ modules }) => modules.length > 0);
    faults.push(...withModules.flatMap((content) => describeView(content, release)));
  } else {
    faults.push(...describeRepeated(contents));
  }
  const unfit = judged.filter(({ verdict }) => verdict.kind !== 'fits');
  return [...faults, ...unfit.map((one) => `${one.name}: ${describePackageVerdict(one)}`)];
}

/** Says what a person should know of a disk that will do. */
export function describeDiskRemarks(
  { kmod, release, format, contents }: Omit<DiskPlan, 'judged'>,
  kmods: readonly DiskKmod[],
): readonly string[] {
  const kept = kmods.filter(({ builtFor }) => builtFor !== release);
  const needed = kmods.filter((other) => other.kmod !== kmod).map((other) => other.kmod);
  const unseen = contents.filter(({ view }) => view.unseenFirmware.length > 0);
  return [
    ...(needed.length === 0
      ? []
      : [`${kmod} needs ${needed.join(', ')}, which the disk has as well`]),
    ...kept.map(
      (one) =>
        `${one.kmod} was built for ${one.builtFor}; its modules load in ${release} as they are`,
    ),
    ...(format === 'suse'
      ? []
      : unseen.map(
          ({ fileName }) =>
            `${fileName}: the installer does not get its firmware, which is not below /lib/firmware`,
        )),
  ];
}

function describeView(
  { fileName, builtFor, isBound, view }: DiskContent,
  release: string,
): readonly string[] {
  const [first] = view.unloaded;
  const unloaded =
    first === undefined
      ? []
      : [
          `${fileName}: expected modules below /lib/modules, where anaconda loads them from, found ${cleanText(first)}`,
        ];
  if (view.isListed) return unloaded;
  const wanted = `Provides: kernel-modules ${isBound ? '=' : '>='} ${toVersion(builtFor)}`;
  const found =
    view.offered.length === 0
      ? `found none; add "${wanted}" to that package in the spec${view.isFromKmodtool ? ' (docs/driver-disks.md says how with kmodtool)' : ''} and build it anew`
      : `found only ${view.offered.map((one) => `"${cleanText(one)}"`).join(', ')}`;
  const expected = `expected it to provide "kernel-modules" for ${release}, without which anaconda does not see it`;
  return [`${fileName}: ${expected}, ${found}`, ...unloaded];
}

/** SUSE's installers have one folder for all modules. */
function describeRepeated(contents: readonly DiskContent[]): readonly string[] {
  const owners = new Map<string, string>();
  const faults: string[] = [];
  for (const { fileName, modules } of contents) {
    for (const module of modules) {
      const other = owners.get(module);
      if (other !== undefined)
        faults.push(`expected one ${cleanText(module)}, found it in ${other} and ${fileName}`);
      owners.set(module, fileName);
    }
  }
  return faults;
}

/** RPM allows one dash in a version: `6.1.0-54-amd64` is `6.1.0-54.amd64`, which anaconda finds equal. */
function toVersion(release: string): string {
  const [version = '', ...rest] = release.split('-');
  return `${version}-${rest.join('.')}`;
}

function listNames(contents: readonly DiskContent[]): string {
  return contents.map(({ fileName }) => fileName).join(', ') || 'none';
}
