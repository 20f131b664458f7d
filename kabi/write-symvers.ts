import type { ModuleFacts } from '../model/kabi.ts';

/** Which columns a kernel's `Module.symvers` has, see {@link findSymversForm}. */
export type SymversForm = 'no-namespace' | 'namespace-third' | 'namespace-last';

/** modpost's own limit of a line is higher; no symbol comes near this. */
const SYMBOL = /^[A-Za-z0-9_.$]{1,512}$/;

/**
 * Tells in which form a kernel's `Module.symvers` is written, since its modpost reads no other.
 *
 * @param text The file, or its begin; the first line decides.
 */
export function findSymversForm(text: string): SymversForm {
  const [line = ''] = text.split('\n', 1);
  const fields = line.split('\t');
  if (fields[4]?.startsWith('EXPORT_')) return 'namespace-third';
  return fields.length < 5 ? 'no-namespace' : 'namespace-last';
}

/**
 * Writes what modules export as a `Module.symvers` that kbuild takes in `KBUILD_EXTRA_SYMBOLS`, e.g.
 * `0x0b1c2d3e	thinkpad_ec_lock	extra/thinkpad_ec	EXPORT_SYMBOL_GPL	`.
 *
 * The first of several exporters of a symbol counts; what is no symbol of C is left out. Builds of before
 * terms were read seem to export to everybody.
 *
 * @returns One line a symbol, sorted; empty if nothing is exported.
 * @see Linux 6.1 scripts/mod/modpost.c, read_dump() and write_dump(); Documentation/kbuild/modules.rst
 */
export function writeSymvers(modules: readonly ModuleFacts[], form: SymversForm): string {
  const lines = new Map<string, string>();
  for (const { name, exports } of modules) {
    for (const { symbol, crc, isGplOnly, namespace = '' } of exports) {
      if (lines.has(symbol) || !SYMBOL.test(symbol)) continue;
      const type = isGplOnly ? 'EXPORT_SYMBOL_GPL' : 'EXPORT_SYMBOL';
      const [first, module] = [
        `0x${crc.toString(16).padStart(8, '0')}\t${symbol}`,
        `extra/${name}`,
      ];
      lines.set(symbol, `${first}\t${orderColumns({ module, type, namespace }, form)}\n`);
    }
  }
  return [...lines.keys()]
    .sort()
    .map((symbol) => lines.get(symbol))
    .join('');
}

function orderColumns(
  { module, type, namespace }: Readonly<Record<'module' | 'type' | 'namespace', string>>,
  form: SymversForm,
): string {
  switch (form) {
    case 'no-namespace':
      return `${module}\t${type}`;
    case 'namespace-third':
      return `${namespace}\t${module}\t${type}`;
    case 'namespace-last':
      return `${module}\t${type}\t${namespace}`;
  }
}
