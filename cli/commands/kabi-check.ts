import type { Command } from 'commander';
import type { ForeignOptions } from '../../activities/kernel-exports.ts';
import { type KmodReading, readKmodPackages } from '../../activities/kmod-packages.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { JudgedPackage, KernelExports } from '../../model/kabi-check.ts';
import { judgePackages } from '../../plan/judge-packages.ts';
import { packageVerdictsToText } from '../../report/package-verdicts-text.ts';
import { EXIT } from '../exit-codes.ts';
import { KERNEL_FORMS, readKernelArgument } from '../kernel-argument.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface CheckOptions {
  readonly kernel: readonly string[];
  readonly stream?: string;
  readonly metadataOnly?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `rekmod kabi check`: do kmods that somebody built load in a kernel as they are? */
export function addKabiCheckCommand(kabi: Command, program: Command, terminal: Terminal): void {
  kabi
    .command('check')
    .argument('<kmods...>', '.ko files, RPMs, directories of them, or repositories (metadata)')
    .description('judge kmods that somebody else built against a kernel, all of them together')
    .requiredOption(
      '-k, --kernel <kernel>',
      `${KERNEL_FORMS}; again for further RPMs of the same kernel`,
      (name: string, names: readonly string[] = []) => [...names, name],
    )
    .option('-s, --stream <name>', 'where several streams have that kernel')
    .option('--metadata-only', 'look at what packages require and provide, not at their modules')
    .option('--all', 'more symbols, not only the first of each kmod')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit code: 0 if all fit, 1 if not or if one cannot be judged.')
    .action(async (sources: readonly string[], options: CheckOptions) => {
      const { kernel, judged, otherCount } = await check(sources, options, program);
      if (options.json) printJson(terminal, toJson(kernel, judged, otherCount));
      else {
        const { hasColor: color, columns } = terminal;
        const style = { color, columns, all: options.all === true };
        print(terminal, packageVerdictsToText(judged, kernel, style));
        if (otherCount > 0) {
          terminal.remark(`rekmod: passed over ${otherCount} packages that are no kmods`);
        }
      }
      if (judged.some(({ verdict }) => verdict.kind !== 'fits')) terminal.setExitCode(EXIT.failed);
    });
}

interface Check {
  readonly kernel: KernelExports;
  readonly judged: readonly JudgedPackage[];
  readonly otherCount: number;
}

async function check(
  sources: readonly string[],
  options: CheckOptions,
  program: Command,
): Promise<Check> {
  return await withTemporaryDirectory(async (scratch) => {
    const { signal } = new AbortController();
    const foreign = { isMetadataOnly: options.metadataOnly === true, scratch, signal };
    const { stream } = options;
    const common = program.opts();
    const kernel = await readKernelArgument(options.kernel, { ...foreign, stream, common });
    const { packages, unreadable, otherCount } = await readAll(sources, foreign);
    if (packages.length === 0 && unreadable.length === 0) {
      const found = otherCount === 0 ? 'nothing' : `${otherCount} other packages`;
      throw new ContentInvalidError(sources.join(' '), `expected kmods, found ${found}`);
    }
    const judged = [
      ...judgePackages(packages, kernel),
      ...unreadable.map(({ name, reason }): JudgedPackage => {
        const verdict = { kind: 'unjudged', why: 'unreadable', reason } as const;
        return { name, isFromMetadata: false, verdict };
      }),
    ];
    return { kernel, judged: judged.sort(compareNames), otherCount };
  });
}

async function readAll(sources: readonly string[], options: ForeignOptions): Promise<KmodReading> {
  const readings: KmodReading[] = [];
  for (const source of new Set(sources)) readings.push(await readKmodPackages(source, options));
  return {
    packages: readings.flatMap(({ packages }) => packages),
    unreadable: readings.flatMap(({ unreadable }) => unreadable),
    otherCount: readings.reduce((sum, reading) => sum + reading.otherCount, 0),
  };
}

function toJson(
  { symvers, ...kernel }: KernelExports,
  packages: readonly JudgedPackage[],
  otherCount: number,
): unknown {
  return { kernel: { ...kernel, symbolCount: symvers.size }, packages, otherCount };
}

function compareNames(one: JudgedPackage, other: JudgedPackage): number {
  if (one.name === other.name) return 0;
  return one.name < other.name ? -1 : 1;
}
