import { RepodataParseError } from '../model/parse-errors.ts';
import type { PackageDependencies, RpmDependency } from './header.ts';
import type { XmlElement } from './xml-reader.ts';

/** Collects what one package after the other requires and provides. */
export interface DependencyCollector {
  /** Gets every element below `format` that opens: depth 4 the list, depth 5 its entries. */
  open(element: XmlElement, depth: number): void;
  /** Gives what was collected and begins anew. */
  take(): PackageDependencies;
}

/** What a package has when nothing was asked for. */
export const NO_DEPENDENCIES: PackageDependencies = { requires: [], provides: [] };

const FILE = 'primary.xml';
/** A kernel-core provides 25,000 symbols in 1 MB. */
const DEPENDENCY_LIMIT = 1_000_000;
const NAME_LENGTH_LIMIT = 4096;
const TEXT_LENGTH_LIMIT = 64 * 1024 * 1024;

const OPERATORS: ReadonlyMap<string | undefined, RpmDependency['op']> = new Map([
  ['EQ', '='],
  ['LT', '<'],
  ['LE', '<='],
  ['GT', '>'],
  ['GE', '>='],
]);

/**
 * Creates a collector of `<rpm:entry name="kernel(printk)" flags="EQ" epoch="0" ver="0x13d0adf7"/>`.
 *
 * @param wants Tells by name which dependencies are kept; memory grows with these alone.
 * @throws {RepodataParseError} From `open`, if a package has too many or too long ones.
 * @see createrepo_c src/xml_dump.c, cr_xml_dump_primary_dump_pco()
 */
export function createDependencyCollector(wants: (name: string) => boolean): DependencyCollector {
  let lists: { requires: RpmDependency[]; provides: RpmDependency[] } = emptyLists();
  let list: RpmDependency[] | undefined;
  let count = 0;
  let length = 0;

  function add(into: RpmDependency[], attributes: XmlElement['attributes']): void {
    const { name = '' } = attributes;
    if (!wants(name)) return;
    const op = OPERATORS.get(attributes.flags) ?? '';
    const version = op === '' ? '' : formatVersion(attributes);
    count += 1;
    length += name.length + version.length;
    if (name.length > NAME_LENGTH_LIMIT || version.length > NAME_LENGTH_LIMIT) {
      throw new RepodataParseError(
        FILE,
        `expected dependencies of at most ${NAME_LENGTH_LIMIT} characters, found a longer one`,
      );
    }
    if (count > DEPENDENCY_LIMIT || length > TEXT_LENGTH_LIMIT) {
      const allowed = `${DEPENDENCY_LIMIT} dependencies of a package`;
      throw new RepodataParseError(FILE, `expected at most ${allowed}, found more`);
    }
    into.push({ name, op, version });
  }

  return {
    open({ name, attributes }, depth) {
      if (depth === 4) list = listOf(lists, name);
      else if (depth === 5 && list !== undefined && name === 'rpm:entry') add(list, attributes);
    },
    take() {
      const taken = lists;
      lists = emptyLists();
      list = undefined;
      count = 0;
      length = 0;
      return taken;
    },
  };
}

function emptyLists(): { requires: RpmDependency[]; provides: RpmDependency[] } {
  return { requires: [], provides: [] };
}

function listOf(
  lists: { readonly requires: RpmDependency[]; readonly provides: RpmDependency[] },
  name: string,
): RpmDependency[] | undefined {
  if (name === 'rpm:requires') return lists.requires;
  return name === 'rpm:provides' ? lists.provides : undefined;
}

/** `0`, `5.14.0`, `611.el9` → `5.14.0-611.el9`, as a header has it. */
function formatVersion({ epoch = '0', ver = '', rel }: XmlElement['attributes']): string {
  return `${epoch === '0' ? '' : `${epoch}:`}${ver}${rel === undefined ? '' : `-${rel}`}`;
}
