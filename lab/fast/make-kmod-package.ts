import { FAST_VERMAGIC_FLAGS } from './fast-kernel.ts';
import type { FastSource, ScriptedBuild } from './fast-kmod.ts';
import { makeLoadableModule } from './make-module.ts';
import { type MadeFile, makeRpm } from './make-rpm.ts';

/** What a package is made of. */
export interface KmodPackageParts {
  readonly source: FastSource;
  /** The spec as it was laid out for this build. */
  readonly specText: string;
  /** `uname -r`. */
  readonly release: string;
  readonly end: ScriptedBuild['end'];
  /** Symbol and CRC. */
  readonly imports: readonly (readonly [symbol: string, crc: number])[];
}

const ARCH = 'x86_64';
const ANOTHER_KERNEL = '4.18.0-1.el8.x86_64';

/** Makes the package of a fast kmod: equal input gives equal bytes. */
export function makeKmodPackage(parts: KmodPackageParts): {
  readonly fileName: string;
  readonly bytes: Uint8Array;
} {
  const { specText, release } = parts;
  const name = readTag(specText, 'Name');
  const nevra = {
    ...{ name, epoch: 0, arch: ARCH },
    version: readTag(specText, 'Version'),
    release: readTag(specText, 'Release'),
  };
  const bytes = makeRpm({
    nevra,
    summary: readTag(specText, 'Summary'),
    files: [toModuleFile(parts, nevra.version)],
    provides: [['kmod(fast)'], [`${name}(${release})`]],
    requires: parts.imports.map(([symbol, crc]) => [`kernel(${symbol})`, `0x${toHex(crc)}`]),
  });
  return { fileName: `${name}-${nevra.version}-${nevra.release}.${ARCH}.rpm`, bytes };
}

function toModuleFile(parts: KmodPackageParts, version: string): MadeFile {
  const { source, release, end, imports } = parts;
  const { module, exports, paddingBytes } = source;
  const folder = `/lib/modules/${release}/extra/${module}`;
  if (end === 'no-modules') {
    return { path: `/usr/share/doc/${module}/README`, bytes: Buffer.from('No module.\n') };
  }
  const builtFor = end === 'other-kernel' ? ANOTHER_KERNEL : release;
  const vermagic = `${builtFor} ${FAST_VERMAGIC_FLAGS} `;
  const made = { name: module, vermagic, imports, exports, version, paddingBytes };
  return { path: `${folder}/${module}.ko`, bytes: makeLoadableModule(made) };
}

function toHex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

/** The lab's own specs say these without macros. */
function readTag(specText: string, tag: string): string {
  const [, value] = new RegExp(`^${tag}: *(.+)$`, 'm').exec(specText) ?? [];
  if (value === undefined || value.includes('%')) throw new Error(`BUG: no plain ${tag} in a spec`);
  return value.trim();
}
