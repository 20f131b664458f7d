import { parseModulesDep, parsePlainAliases, parseSoftDependencies } from './depmod-output.ts';

/** What modprobe would insert for each module of a tree, from the output of one `depmod -n`. */
export interface NeededModules {
  /** All modules, as `modules.dep` has them. */
  readonly paths: readonly string[];
  /**
   * @param path Of a module, as `modules.dep` has it.
   * @returns Paths of the modules before it, in the order of insertion, itself not among them.
   */
  find(path: string): readonly string[];
}

/** Reads what modules need: for their symbols, and before it softly (`softdep … pre:`). */
export function readNeededModules(depmodOutput: string): NeededModules {
  const needs = new Map(parseModulesDep(depmodOutput).map((line) => [line.path, line.needs]));
  const soft = parseSoftDependencies(depmodOutput);
  const aliases = parsePlainAliases(depmodOutput);
  const byName = new Map([...needs.keys()].map((path) => [moduleNameOf(path), path]));

  const listBefore = (path: string): readonly string[] => {
    const wanted = soft.get(moduleNameOf(path)) ?? [];
    const names = wanted.flatMap((name) => [
      name.replaceAll('-', '_'),
      ...(aliases.get(name) ?? []),
    ]);
    // modprobe takes the needed ones from the end of the line.
    return [
      ...names.flatMap((name) => byName.get(name) ?? []),
      ...(needs.get(path) ?? []).toReversed(),
    ];
  };
  // A set keeps the order of insertion; what is being visited is not entered again.
  const visit = (path: string, found: Set<string>, visiting: Set<string>): void => {
    if (found.has(path) || visiting.has(path)) return;
    visiting.add(path);
    for (const before of listBefore(path)) visit(before, found, visiting);
    found.add(path);
  };
  return {
    paths: [...needs.keys()],
    find(path) {
      const found = new Set<string>();
      visit(path, found, new Set());
      return [...found].filter((need) => need !== path);
    },
  };
}

/** `kernel/net/ipv4/udp_tunnel.ko` → `udp_tunnel`; the kernel writes dashes as underscores. */
export function moduleNameOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.slice(0, file.indexOf('.ko')).replaceAll('-', '_');
}
