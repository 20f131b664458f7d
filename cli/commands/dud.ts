import type { Command } from 'commander';
import { makeDriverDisk } from '../../activities/driver-disk/make-driver-disk.ts';
import { requireNamed } from '../../activities/require-named.ts';
import type { DiskContainer, DiskFormat } from '../../model/driver-disk.ts';
import type { Kernel } from '../../model/kernel.ts';
import { driverDiskToText } from '../../report/driver-disk-text.ts';
import { isSuseKernel } from '../../rpm/dialects/target-kernel.ts';
import { guessSuseProducts, readSuseProduct } from '../../rpm/suse-products.ts';
import { chooseKernels } from '../choose-kernels.ts';
import { openContext } from '../context.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface DudOptions {
  readonly kernel: string;
  readonly stream?: string;
  readonly format?: DiskFormat;
  readonly dist: readonly string[];
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `rekmod dud`: a driver disk, so that an installer has a kmod before there is a system to install it on. */
export function addDudCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('dud')
    .argument('<kmod>')
    .description('write a driver disk (driver update) with what is published of a kmod')
    .requiredOption('-k, --kernel <release>', "the installer's kernel, as uname -r says it")
    .option('-s, --stream <name>', 'where several streams have that kernel')
    .addOption(
      program
        .createOption('--format <format>', "whose installer (default: the kernel's vendor's)")
        .choices(['rhel', 'suse']),
    )
    .option(
      '--dist <product>',
      "SUSE's product, e.g. leap15.6, sle15, tw; again for more (default: those of the kernel)",
      (name: string, names: readonly string[]) => [...names, name.toLowerCase()],
      [],
    )
    .option(
      '-o, --output <file>',
      'ends with .iso, or for SUSE with .dud (default: named after both)',
    )
    .option('-f, --force', 'replace a file that is there')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nSee docs/driver-disks.md.');
  command.action(async (kmod: string, options: DudOptions) => {
    const context = await openContext({ ...program.opts(), freshness: 'known' });
    const { streams } = requireNamed(context.settings.kmods, 'make a driver disk of', 'kmod', kmod);
    const [kernel] = await chooseKernels(options, streams, context);
    if (!kernel) throw new Error('BUG: no kernel was chosen');
    const format = options.format ?? (isSuseKernel(kernel) ? 'suse' : 'rhel');
    const output = options.output ?? nameDisk(kmod, kernel, format);
    const request = {
      ...{ kmod, kernel, format, output },
      container: requireContainer(command, output, format),
      products: format === 'suse' ? requireProducts(command, options.dist, kernel) : [],
      isForced: options.force === true,
    };
    const disk = await withTemporaryDirectory((scratch) =>
      makeDriverDisk(request, { ...context, scratch }, new AbortController().signal),
    );
    if (options.json) printJson(terminal, disk);
    else print(terminal, driverDiskToText(disk));
  });
}

/** SUSE's newer installers take no image; anaconda takes nothing else. */
function nameDisk(kmod: string, { release }: Kernel, format: DiskFormat): string {
  return `dd-${kmod}-${release}.${format === 'suse' ? 'dud' : 'iso'}`;
}

function requireContainer(command: Command, output: string, format: DiskFormat): DiskContainer {
  if (output.endsWith('.iso')) return 'iso';
  if (format === 'suse' && output.endsWith('.dud')) return 'cpio.gz';
  const endings = format === 'suse' ? '.iso or .dud' : '.iso';
  return command.error(`error: expected --output with the ending ${endings}, found "${output}"`);
}

function requireProducts(
  command: Command,
  names: readonly string[],
  kernel: Kernel,
): readonly string[] {
  const products = names.flatMap((name) => {
    const found = readSuseProduct(name);
    if (found) return found;
    return command.error(`error: expected --dist like leap15.6, sle15 or tw, found "${name}"`);
  });
  const all = products.length > 0 ? products : guessSuseProducts(kernel);
  if (all.length > 0) return [...new Set(all)];
  return command.error(
    `error: expected --dist, because ${kernel.release} does not tell SUSE's product`,
  );
}
