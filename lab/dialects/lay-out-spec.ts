import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabKmod } from '../read-lab.ts';
import { type CorpusSpec, fillIn } from './corpus-spec.ts';

/** A spec of the corpus beside its sources. */
export interface LaidOutSpec {
  readonly spec: CorpusSpec;
  readonly path: string;
  readonly text: string;
  /** Of the kmod, which follows Debian's archive. */
  readonly version: string;
}

/**
 * Lays out a spec as its packager would: with the kmod's version, its unchanged sources, and the
 * vendor's programs that such packages bring themselves.
 *
 * @param directory A folder is made in it.
 */
export async function layOutSpec(
  spec: CorpusSpec,
  { directory, kmods }: { readonly directory: string; readonly kmods: readonly LabKmod[] },
): Promise<LaidOutSpec> {
  const kmod = kmods.find(({ name }) => name === spec.kmod);
  const version = kmod?.upstreamVersion;
  if (!kmod || version === undefined) throw new Error(`the lab has no kmod ${spec.kmod}`);
  const target = join(directory, spec.name);
  await mkdir(target, { recursive: true });
  const source = join(import.meta.dirname, 'specs', spec.name);
  let found: { readonly path: string; readonly text: string } | undefined;
  for (const name of await readdir(source)) {
    const text = (await readFile(join(source, name), 'utf8')).replaceAll('@VERSION@', version);
    const path = join(target, name);
    await writeFile(path, text);
    if (name.endsWith('.spec')) found = { path, text };
  }
  if (!found) throw new Error(`BUG: "${source}" holds no spec`);
  for (const [name, program] of Object.entries(spec.scripts ?? {})) {
    await copyFile(join(import.meta.dirname, 'vendor', program), join(target, name));
    await chmod(join(target, name), 0o755);
  }
  const archive = fillIn(spec.archive ?? `${kmod.name}-{version}.tar.gz`, { version, release: '' });
  await copyFile(
    join(kmod.sourceDirectory, `${kmod.name}-${version}.tar.gz`),
    join(target, archive),
  );
  return { spec, ...found, version };
}
