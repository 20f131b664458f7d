/** What depmod says against one import of one module. */
export interface DepmodComplaint {
  /** The module's file as depmod found it, e.g. `/tmp/x/lib/modules/6.1.0-55-amd64/weak-updates/jool/jool.ko`. */
  readonly path: string;
  readonly symbol: string;
  /** `unknown`: nobody exports it. `version`: with another CRC. */
  readonly kind: 'unknown' | 'version';
}

/** The dependencies of a module, as `modules.dep` has them. */
export interface ModulesDepLine {
  /** Relative to `lib/modules/<release>`, e.g. `weak-updates/jool/jool.ko`. */
  readonly path: string;
  /** What modprobe inserts before it; the last comes first. */
  readonly needs: readonly string[];
}

const COMPLAINT =
  /^depmod: WARNING: (?<path>\S+) (?<words>needs unknown symbol|disagrees about version of symbol) (?<symbol>\S+)$/;

/**
 * Reads what `depmod -e -E` wrote to standard error, as weak-modules and weak-modules2 do.
 *
 * A line looks like `depmod: WARNING: /x/jool.ko needs unknown symbol nf_ct_get`; others, which are
 * not about symbols, are left out.
 *
 * @see kmod 30 tools/depmod.c, depmod_load_module_dependencies()
 */
export function parseComplaints(stderr: string): readonly DepmodComplaint[] {
  return stderr.split('\n').flatMap((line) => {
    const { path, words, symbol } = COMPLAINT.exec(line)?.groups ?? {};
    if (path === undefined || symbol === undefined) return [];
    const kind = words === 'needs unknown symbol' ? 'unknown' : 'version';
    return [{ path, symbol, kind } as const];
  });
}

/**
 * Reads the first part of what `depmod -n` wrote to standard output: `modules.dep`, up to the first
 * comment, e.g. `extra/a/a.ko: extra/b/b.ko kernel/net/udp_tunnel.ko`.
 */
export function parseModulesDep(stdout: string): readonly ModulesDepLine[] {
  const [text = ''] = stdout.split(/^#/m, 1);
  return text.split('\n').flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) return [];
    const needs = line.slice(colon + 1).split(' ');
    return [{ path: line.slice(0, colon), needs: needs.filter((need) => need !== '') }];
  });
}

/**
 * Reads the modules that must be tried before others without being needed for their symbols, from
 * lines like `softdep libcrc32c pre: crc32c` of what `depmod -n` wrote.
 *
 * @returns Module → names or aliases of modules, e.g. `libcrc32c` → `crc32c`.
 */
export function parseSoftDependencies(stdout: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [, module = '', words = ''] of stdout.matchAll(/^softdep (\S+) (.*)$/gm)) {
    const [, before = ''] = /(?:^|\s)pre:((?:\s+[^\s:]+(?=\s|$))*)/.exec(words) ?? [];
    const names = before.split(/\s+/).filter((name) => name !== '');
    if (names.length > 0) found.set(module, [...(found.get(module) ?? []), ...names]);
  }
  return found;
}

/** Reads `alias <alias> <module>` lines without wildcards, e.g. `alias crc32c crc32c_generic`. */
export function parsePlainAliases(stdout: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [, alias = '', module = ''] of stdout.matchAll(/^alias (\S+) (\S+)$/gm)) {
    if (/[*?[]/.test(alias)) continue;
    found.set(alias, [...(found.get(alias) ?? []), module]);
  }
  return found;
}
