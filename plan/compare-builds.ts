import type { Nevra } from '../model/kernel.ts';
import type { HeaderTags } from '../rpm/header-tags.ts';

/** What of a package is compared with another build of it. */
export interface ComparedPackage {
  readonly nevra: Nevra;
  readonly tags: HeaderTags;
  /** In the header's order. */
  readonly files: readonly ComparedFile[];
}

/** A file of such a package. */
export interface ComparedFile {
  /** E.g. `/lib/modules/6.1.0-55-amd64/extra/jool/jool.ko.xz`. */
  readonly path: string;
  /** As `stat` has it. */
  readonly mode: number;
  readonly linkTo: string;
  /** Of a module that of its content, else that of the bytes; see {@link listContentSections}. */
  readonly digest: string;
}

/** Tags of which two builds of one source for one kernel may differ, and why that means nothing. */
const MEANINGLESS_TAGS: ReadonlyMap<number, string> = new Map([
  [100, 'HEADERI18NTABLE: the locales of the texts'],
  [1002, 'RELEASE: compared by itself'],
  [1006, 'BUILDTIME'],
  [1007, 'BUILDHOST'],
  [1009, 'SIZE: that of the files, which are compared'],
  [5009, 'LONGSIZE'],
  [1028, 'FILESIZES: a module may be signed or compressed since'],
  [5008, 'LONGFILESIZES'],
  [1030, 'FILEMODES: compared file by file'],
  [1034, 'FILEMTIMES'],
  [1035, 'FILEDIGESTS: compared file by file'],
  [1036, 'FILELINKTOS: compared file by file'],
  [1044, 'SOURCERPM: its name has the release'],
  [1064, 'RPMVERSION'],
  [1094, 'COOKIE: build host and time'],
  [1095, 'FILEDEVICES'],
  [1096, 'FILEINODES'],
  [1116, 'DIRINDEXES: compared file by file'],
  [1117, 'BASENAMES: compared file by file'],
  [1118, 'DIRNAMES: compared file by file'],
  [1122, 'OPTFLAGS: of the distribution, kernel modules have others'],
  [1124, 'PAYLOADFORMAT'],
  [1125, 'PAYLOADCOMPRESSOR'],
  [1126, 'PAYLOADFLAGS'],
  [1132, 'PLATFORM'],
  [1140, 'FILECOLORS'],
  [1141, 'FILECLASS: what file(1) says, with build ids'],
  [1142, 'CLASSDICT'],
  [5011, 'FILEDIGESTALGO'],
  [5062, 'ENCODING'],
  [5090, 'FILESIGNATURES: made after the build'],
  [5091, 'FILESIGNATURELENGTH'],
  [5092, 'PAYLOADDIGEST'],
  [5093, 'PAYLOADDIGESTALGO'],
  [5097, 'PAYLOADDIGESTALT'],
]);
/** What a rebuild puts at the end of a Release; see {@link releaseSuffix}. */
const BUILD_NUMBER = /\.b\d+$/;
const SHOWN_LENGTH = 80;

/**
 * Compares a build with the published one, which is what a client has: would anything change on a machine
 * that takes the new packages? Times, hosts and the build number in the Release would not.
 *
 * @returns What differs, in sentences; empty if the builds are identical.
 */
export function compareBuilds(
  published: readonly ComparedPackage[],
  built: readonly ComparedPackage[],
): readonly string[] {
  const names = (packages: readonly ComparedPackage[]): string =>
    packages
      .map(({ nevra: { name, arch } }) => `${name}.${arch}`)
      .sort()
      .join(', ');
  if (names(published) !== names(built)) {
    return [`packages: ${names(published)} were published, ${names(built)} were built`];
  }
  return published.flatMap((before) => {
    const { name, arch } = before.nevra;
    const after = built.find(({ nevra }) => nevra.name === name && nevra.arch === arch);
    if (after === undefined) throw new Error('BUG: a package of a compared name is missing');
    return comparePackages(before, after).map((difference) => `${name}: ${difference}`);
  });
}

function comparePackages(before: ComparedPackage, after: ComparedPackage): readonly string[] {
  const [old, now] = [before, after].map(describeVersion);
  if (old !== now) return [`version: ${old} was published, ${now} was built`];
  return [...compareTags(before, after), ...compareFiles(before, after)];
}

function describeVersion({ nevra: { epoch, version, release } }: ComparedPackage): string {
  return `${epoch}:${version}-${release.replace(BUILD_NUMBER, '')}`;
}

function compareTags(before: ComparedPackage, after: ComparedPackage): readonly string[] {
  const tags = new Set([...before.tags.keys(), ...after.tags.keys()]);
  return [...tags]
    .filter((tag) => !MEANINGLESS_TAGS.has(tag))
    .sort((a, b) => a - b)
    .flatMap((tag) => {
      const [old, now] = [before, after].map((rpm) => normalizeTag(rpm, tag));
      return old === now
        ? []
        : [`tag ${tag}: ${shorten(old)} was published, ${shorten(now)} built`];
    });
}

function normalizeTag({ tags, nevra }: ComparedPackage, tag: number): string {
  return JSON.stringify((tags.get(tag) ?? []).map((value) => dropBuildNumber(value, nevra)));
}

/** Provides, scripts and paths name the package's own version. */
function dropBuildNumber(text: string, { release }: Nevra): string {
  const base = release.replace(BUILD_NUMBER, '');
  // A release without a number of ours may be as short as "1", which stands everywhere.
  return base === release ? text : text.replaceAll(release, base);
}

function compareFiles(before: ComparedPackage, after: ComparedPackage): readonly string[] {
  const describe = ({ files, nevra }: ComparedPackage): ReadonlyMap<string, string> =>
    new Map(
      files.map(({ path, mode, linkTo, digest }) => [
        dropBuildNumber(path, nevra).replace(/\.ko\.(?:gz|xz|zst)$/, '.ko'),
        JSON.stringify([mode, dropBuildNumber(linkTo, nevra), digest]),
      ]),
    );
  const [old, now] = [describe(before), describe(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path) => {
    const [left, right] = [old.get(path), now.get(path)];
    if (left === right) return [];
    if (left === undefined) return [`${path} is new`];
    return [right === undefined ? `${path} is gone` : `${path} differs`];
  });
}

function shorten(text: string | undefined): string {
  return (text ?? '').slice(0, SHOWN_LENGTH);
}
