import { join } from 'node:path';
import { openRpm } from '../../activities/rpm-file.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { RpmHeader } from '../../rpm/header.ts';
import { detectDialect, type ExpectedPackages } from '../../rpm/spec.ts';
import { fillIn } from './corpus-spec.ts';
import type { PublishedPackage, Row } from './row.ts';

/** A published package and its header. */
interface ReadPackage extends PublishedPackage {
  readonly header: RpmHeader;
}

const MODULE = /\/lib\/modules\/(?<release>[^/]+)\/(?<folder>.+)\/(?<name>[^/]+)\.ko(?:\.xz)?$/;

/** What is to be compared for one kernel. */
export interface PackagesToJudge {
  readonly row: Row;
  readonly kernel: Kernel;
  readonly fileNames: readonly string[];
  /** Where the published files lie. */
  readonly directory: string;
}

/**
 * Compares what was published for one kernel with what the corpus says by hand, and with what the
 * dialect says of itself: names, versions and number of packages, modules, folders, requirements.
 */
export async function judgePackages(toJudge: PackagesToJudge): Promise<{
  readonly packages: readonly PublishedPackage[];
  readonly problems: readonly string[];
}> {
  const { row, kernel, directory } = toJudge;
  const read = await Promise.all(
    toJudge.fileNames.map((name) => readPackage(join(directory, name), name, kernel.release)),
  );
  const problems = [
    ...judgeNames(read, row, kernel),
    ...judgeModules(read, row, kernel),
    ...judgeRequires(read, row, kernel),
  ];
  return {
    packages: read.map(({ header: _, ...found }) => found),
    problems: problems.map((problem) => `${kernel.release}: ${problem}`),
  };
}

async function readPackage(path: string, fileName: string, release: string): Promise<ReadPackage> {
  const { header } = await openRpm(path);
  const { nevra } = header;
  return {
    release,
    fileName,
    name: nevra.name,
    nevra: `${nevra.name}-${nevra.version}-${nevra.release}.${nevra.arch}`,
    hasModules: header.files.some((file) => MODULE.test(file.path)),
    header,
  };
}

function judgeNames(read: readonly ReadPackage[], row: Row, kernel: Kernel): readonly string[] {
  const { form, laidOut } = row;
  const words = { version: laidOut.version, release: kernel.release };
  const names = form.packages.map((name) => fillIn(name, words)).sort();
  const found = read.map(({ name }) => name).sort();
  const problems: string[] = [];
  if (names.join(' ') !== found.join(' ')) {
    problems.push(`expected the packages ${names.join(' ')}, found ${found.join(' ')}`);
  }
  const version = fillIn(form.version ?? '{version}', words);
  for (const { header, fileName } of read.filter(({ hasModules }) => hasModules)) {
    if (header.nevra.version === version) continue;
    problems.push(`${fileName}: expected the version ${version}, found ${header.nevra.version}`);
  }
  return problems;
}

/** Exactly the modules of this kernel, all in the folder of the corpus. */
function judgeModules(read: readonly ReadPackage[], row: Row, kernel: Kernel): readonly string[] {
  const { form, laidOut } = row;
  const found = read
    .flatMap(({ header }) => header.files)
    .flatMap(({ path }) => {
      const { release, folder, name } = MODULE.exec(path)?.groups ?? {};
      return name === undefined ? [] : [`${release}/${folder}/${name}`];
    })
    .sort();
  const wanted = laidOut.spec.modules
    .map((name) => `${kernel.release}/${form.directory}/${name}`)
    .sort();
  const isSame = found.join(' ') === wanted.join(' ');
  return isSame ? [] : [`expected the modules ${wanted.join(' ')}, found ${found.join(' ')}`];
}

/** What the dialect says that ties its packages to kernels. */
function judgeRequires(read: readonly ReadPackage[], row: Row, kernel: Kernel): readonly string[] {
  const { requires } = expectedOf(row, kernel);
  return read
    .filter(({ hasModules }) => hasModules)
    .flatMap(({ header, fileName }) => {
      const found = header.requires.map(({ name, op, version }) =>
        `${name} ${op} ${version}`.trim(),
      );
      return requires
        .filter((form) => !found.some((requirement) => fits(requirement, form)))
        .map((form) => `${fileName}: expected to require "${form}", found none such`);
    });
}

/** What the dialect of a row says of its packages. */
export function expectedOf({ laidOut, form }: Row, kernel: Kernel): ExpectedPackages {
  const dialect = detectDialect(laidOut.text, kernel);
  if (!dialect) throw new Error(`expected the dialect ${form.dialect}, found none`);
  return dialect.expectPackages(laidOut.text, kernel);
}

/** `*` is any text. */
function fits(text: string, form: string): boolean {
  const parts = form.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
