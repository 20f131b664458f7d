import { findProblems, type KmodExports } from '../kabi/resolve.ts';
import type { PackagedModule, SymbolProblem, Symvers } from '../model/kabi.ts';
import type { ExpectedPackages } from '../rpm/spec.ts';
import { findTakeovers, type OtherKmod } from './find-takeovers.ts';
import type { PackageContent } from './package-content.ts';
import { findUnexpected } from './verify-expected.ts';

/** What a build handed out, and what it must fit. */
export interface VerifyInput {
  readonly release: string;
  readonly arch: string;
  readonly packages: readonly PackageContent[];
  readonly modules: readonly PackagedModule[];
  readonly symvers: Symvers;
  /** What other kmods export for the same kernel. */
  readonly providers: KmodExports;
  /** What the spec's dialect makes; absent for builds of before it was known. */
  readonly expected?: ExpectedPackages;
  /** The other kmods of the stream. */
  readonly others?: readonly OtherKmod[];
}

const SET_ID_BITS = 0o6000;
const FILE_TYPE_MASK = 0o170000;
const PLAIN_TYPES: ReadonlySet<number> = new Set([0o100000, 0o040000, 0o120000]);

/**
 * Finds what is wrong with the result of a build that claims success.
 *
 * @returns Sentences for people; empty when the packages may be signed.
 */
export function verifyPackages(input: VerifyInput): readonly string[] {
  if (input.packages.length === 0) return ['expected packages, found none'];
  if (input.modules.length === 0) return ['expected kernel modules in the packages, found none'];
  const { packages, expected, release, others = [] } = input;
  return [
    ...packages.flatMap((content) => verifyFiles(content, input)),
    ...packages.flatMap((content) => findTakeovers(content, others)),
    ...(expected ? findUnexpected(packages, expected, release) : []),
    ...input.modules.flatMap((module) => verifyModule(module, input)),
    ...verifyImports(input),
  ];
}

function verifyFiles({ fileName, nevra, files }: PackageContent, input: VerifyInput): string[] {
  const problems: string[] = [];
  if (nevra.arch !== input.arch && nevra.arch !== 'noarch') {
    problems.push(`${fileName}: expected architecture ${input.arch}, found ${nevra.arch}`);
  }
  for (const { path, mode } of files) {
    if ((mode & SET_ID_BITS) !== 0) problems.push(`${fileName}: ${path} is set-uid or set-gid`);
    if (!PLAIN_TYPES.has(mode & FILE_TYPE_MASK)) {
      problems.push(`${fileName}: ${path} is neither file, directory nor link`);
    }
  }
  return problems;
}

function verifyModule(module: PackagedModule, { release }: VerifyInput): string[] {
  const problems: string[] = [];
  const [builtFor = ''] = module.vermagic.split(' ');
  if (builtFor !== release) {
    problems.push(`${module.path}: expected vermagic of ${release}, found "${builtFor}"`);
  }
  const [, directory] = /^(?:\/usr)?\/lib\/modules\/([^/]+)\//.exec(module.path) ?? [];
  if (directory !== release || module.path.includes('/../')) {
    problems.push(`${module.path}: expected a path below /lib/modules/${release}/`);
  }
  const [missing] = module.importsWithoutCrc;
  if (missing !== undefined) {
    const count = module.importsWithoutCrc.length;
    problems.push(
      `${module.path}: expected modversions, found ${count} imports without (${missing})`,
    );
  }
  return problems;
}

function verifyImports(input: VerifyInput): string[] {
  return findProblems({
    modules: input.modules,
    kernel: input.symvers,
    providers: input.providers,
  }).map(({ kind, symbol, usedBy }) => `${usedBy}: ${PROBLEM_WORDS[kind](symbol)}`);
}

const PROBLEM_WORDS: Readonly<Record<SymbolProblem['kind'], (symbol: string) => string>> = {
  lost: (symbol) => `nothing exports the symbol ${symbol} that it imports`,
  'gpl-only': (symbol) => `the symbol ${symbol} that it imports is for GPL modules only`,
  namespace: (symbol) => `it does not import the namespace of the symbol ${symbol}`,
  crc: (symbol) => `its CRC of the symbol ${symbol} is not the kernel's`,
  duplicate: (symbol) => `it exports the symbol ${symbol}, which the kernel itself has`,
};
