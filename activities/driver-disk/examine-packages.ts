import { basename } from 'node:path';
import type { JudgedPackage } from '../../model/kabi-check.ts';
import type { Kernel } from '../../model/kernel.ts';
import { judgePackages } from '../../plan/judge-packages.ts';
import { exportsOfKernel } from '../../plan/known-kernel.ts';
import type { DiskContent } from '../../report/describe-disk-faults.ts';
import { viewAsInstaller } from '../../rpm/installer-provides.ts';
import { readSymbolDependencies } from '../../rpm/symbol-dependencies.ts';
import { readKmodPackages } from '../kmod-packages.ts';
import { isModulePath } from '../packaged-modules.ts';
import type { SymversReader } from '../symvers-reader.ts';
import type { DiskPackage } from './stage-packages.ts';

/** What an installer makes of packages, and whether their modules load in its kernel. */
export interface Examination {
  readonly contents: readonly DiskContent[];
  readonly judged: readonly JudgedPackage[];
}

/**
 * Looks at packages as the installer does, and judges their modules all together against its kernel.
 *
 * @param directory Where the packages lie, and nothing else.
 */
export async function examinePackages(
  packages: readonly DiskPackage[],
  directory: string,
  {
    kernel,
    readSymvers,
    scratch,
    signal,
  }: {
    readonly kernel: Kernel;
    readonly readSymvers: SymversReader;
    readonly scratch: string;
    readonly signal: AbortSignal;
  },
): Promise<Examination> {
  const symvers = await readSymvers(kernel.symvers);
  const reading = await readKmodPackages(directory, { isMetadataOnly: false, scratch, signal });
  const unreadable = reading.unreadable.map(({ name, reason }): JudgedPackage => {
    return {
      name,
      isFromMetadata: false,
      verdict: { kind: 'unjudged', why: 'unreadable', reason },
    };
  });
  return {
    contents: packages.map((one) => describeContent(one, kernel)),
    judged: [...judgePackages(reading.packages, exportsOfKernel(kernel, symvers)), ...unreadable],
  };
}

function describeContent(
  { kmod, fileName, header, builtFor }: DiskPackage,
  { release }: Kernel,
): DiskContent {
  const modules = header.files.filter(({ path }) => isModulePath(path));
  return {
    ...{ kmod, fileName, builtFor },
    isBound: readSymbolDependencies(header).boundTo.length > 0,
    modules: modules.map(({ path }) => basename(path)),
    view: viewAsInstaller(header, release),
  };
}
