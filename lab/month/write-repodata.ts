import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import type { Severity } from '../../model/gate.ts';
import type { VendorKey } from './vendor-key.ts';

/** A package with the advisory that brings it. */
export interface AdvisedPackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly severity: Severity;
}

/** What metadata are written of. */
export interface RepodataInput {
  /** Has `Packages`; is only read. */
  readonly pool: string;
  /** File names of those that are listed. */
  readonly packages: readonly string[];
  readonly advised: readonly AdvisedPackage[];
  /** Of `repomd.xml`: a number that grows. */
  readonly revision: number;
  readonly key: VendorKey;
}

/** Writes a folder `repodata` as vendors do: createrepo_c, updateinfo, a detached signature. */
export async function writeRepodata(directory: string, input: RepodataInput): Promise<void> {
  const making = `${directory}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  const list = join(making, 'packages.txt');
  await writeFile(list, input.packages.map((name) => `Packages/${name}\n`).join(''));
  await runProgram([
    'createrepo_c',
    ...['--quiet', '--no-database', '--general-compress-type', 'gz'],
    ...['--revision', `${input.revision}`, '--pkglist', list, '--outputdir', making, input.pool],
  ]);
  const repodata = join(making, 'repodata');
  if (input.advised.length > 0) {
    const updates = join(making, 'updateinfo.xml');
    await writeFile(updates, describeAdvisories(input.advised));
    await runProgram(['modifyrepo_c', '--mdtype', 'updateinfo', updates, repodata]);
  }
  await input.key.sign(join(repodata, 'repomd.xml'));
  await rename(making, directory);
}

function describeAdvisories(advised: readonly AdvisedPackage[]): string {
  const updates = advised.map(
    (
      { name, version, release, severity },
      index,
    ) => `<update from="vendor" status="final" type="security" version="1">
<id>SCRIPTED-2026:${index}</id><title>kernel</title><severity>${severity[0]?.toUpperCase()}${severity.slice(1)}</severity>
<issued date="2026-11-23 00:00:00"/>
<pkglist><collection short="c"><name>c</name>
<package name="${name}" version="${version}" release="${release}" epoch="0" arch="x86_64"><filename>${name}-${version}-${release}.x86_64.rpm</filename></package>
</collection></pkglist></update>
`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n${updates.join('')}</updates>\n`;
}
