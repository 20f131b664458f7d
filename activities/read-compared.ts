import { createHash } from 'node:crypto';
import { listContentSections } from '../kabi/module-content.ts';
import type { ComparedPackage } from '../plan/compare-builds.ts';
import { readPackagedModules } from './packaged-modules.ts';
import { openRpm } from './rpm-file.ts';

/** Reads of a package what `compareBuilds()` compares; signatures are no part of it. */
export async function readCompared(path: string, signal: AbortSignal): Promise<ComparedPackage> {
  const rpm = await openRpm(path);
  const { nevra, files } = rpm.header;
  const modules = new Map<string, string>();
  await readPackagedModules(rpm, signal, (module) => {
    modules.set(module.path, digestModule(module.bytes));
  });
  return {
    nevra,
    tags: await rpm.readTags(),
    files: files.map(({ path: name, mode, linkTo, digest }) => {
      return { path: name, mode, linkTo, digest: modules.get(name) ?? digest };
    }),
  };
}

function digestModule(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  for (const { name, type, flags, bytes: content } of listContentSections(bytes)) {
    hash.update(JSON.stringify([name, type, flags, content.length])).update(content);
  }
  return hash.digest('hex');
}
