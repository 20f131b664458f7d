import type { Checksum, RepositoryPackage } from '../model/kernel.ts';
import { quoteExcerpt, RepodataParseError } from '../model/parse-errors.ts';
import type { PackageDependencies } from './header.ts';
import { requireChecksum, requireHref } from './metadata-values.ts';
import { findIllegalPart } from './nevra.ts';
import { createDependencyCollector, NO_DEPENDENCIES } from './primary-dependencies.ts';
import {
  createXmlReader,
  requireNumber,
  type TextConsumer,
  type XmlElement,
} from './xml-reader.ts';

/** What a primary parser is told. */
export interface PrimaryParserOptions {
  /** Gets every wanted package, in the file's order. */
  readonly onPackage: (found: RepositoryPackage, dependencies: PackageDependencies) => void;
  /** Tells by name and architecture which packages are wanted; the others cost little. */
  readonly isWanted: (name: string, arch: string) => boolean;
  /**
   * Tells by name which requires and provides of wanted packages are handed out; none when absent,
   * which is quicker.
   */
  readonly wantsDependency?: (name: string) => boolean;
  /**
   * Whether packages may lie elsewhere (`xml:base`); their location is a whole URL then. Only where rekmod reads
   * what it wrote itself: what upstream lists must be upstream's.
   */
  readonly acceptsBase?: boolean;
}

/** A push parser of primary metadata. */
export interface PrimaryParser {
  write(text: string): void;
  /** Ends the text. @returns The number of packages, wanted or not. */
  close(): number;
}

const FILE = 'primary.xml';
const PACKAGE_LIMIT = 5_000_000;

type PackageEvr = Pick<RepositoryPackage, 'epoch' | 'version' | 'release'>;

interface Draft {
  name?: string;
  arch?: string;
  evr?: PackageEvr;
  location?: string;
  checksum?: Checksum;
  sizeBytes?: number;
  buildTimeSeconds?: number;
}

/**
 * Creates a push parser of `primary.xml`, which may be larger than memory.
 *
 * No package is kept, and what it provides and requires is handed out only if asked for. Of an unwanted
 * package only name, architecture and well-formedness are looked at.
 *
 * @throws {RepodataParseError} From `write` and `close`, if the file is malformed, out of bounds,
 *   names a file outside of the repository, or does not hold the number of packages it announces.
 * @see createrepo_c src/xml_dump_primary.c
 */
export function createPrimaryParser(options: PrimaryParserOptions): PrimaryParser {
  let announced = 0;
  let count = 0;
  let draft: Draft | undefined;
  const collector = options.wantsDependency && createDependencyCollector(options.wantsDependency);

  function startPackage(element: XmlElement): void {
    count += 1;
    if (count > announced) {
      throw new RepodataParseError(FILE, `expected ${announced} packages, found more`);
    }
    draft = element.attributes.type === 'rpm' ? {} : undefined;
    // What an unwanted package has whose name came late is not the next one's.
    collector?.take();
  }

  function dropIfUnwanted(): void {
    if (draft?.name === undefined || draft.arch === undefined) return;
    if (!options.isWanted(draft.name, draft.arch)) draft = undefined;
  }

  const reader = createXmlReader(FILE, {
    open(element, depth) {
      if (depth > 3) {
        if (draft !== undefined) collector?.open(element, depth);
        return undefined;
      }
      if (depth === 3) return draft === undefined ? undefined : readField(draft, element, options);
      if (depth === 1) announced = readPackageCount(element);
      else if (element.name === 'package') startPackage(element);
      return undefined;
    },
    close(depth) {
      if (depth > 3 || draft === undefined) return;
      if (depth === 3) {
        dropIfUnwanted();
      } else if (depth === 2) {
        options.onPackage(finish(draft), collector?.take() ?? NO_DEPENDENCIES);
        draft = undefined;
      }
    },
  });
  return {
    write: reader.write,
    close() {
      reader.close();
      if (count !== announced) {
        throw new RepodataParseError(FILE, `expected ${announced} packages, found ${count}`);
      }
      return count;
    },
  };
}

function readPackageCount(root: XmlElement): number {
  if (root.name !== 'metadata') {
    const found = quoteExcerpt(root.name);
    throw new RepodataParseError(FILE, `expected the root "metadata", found ${found}`);
  }
  const count = requireNumber(FILE, 'number of packages', root.attributes.packages);
  if (count > PACKAGE_LIMIT) {
    throw new RepodataParseError(
      FILE,
      `expected at most ${PACKAGE_LIMIT} packages, found ${count}`,
    );
  }
  return count;
}

function readField(
  draft: Draft,
  { name, attributes }: XmlElement,
  { acceptsBase = false }: PrimaryParserOptions,
): TextConsumer | undefined {
  switch (name) {
    case 'name':
      return (text) => {
        draft.name = text;
      };
    case 'arch':
      return (text) => {
        draft.arch = text;
      };
    case 'checksum':
      return (value) => {
        draft.checksum = requireChecksum(FILE, { type: attributes.type, value });
      };
    case 'version':
      draft.evr = readEvr(attributes);
      return undefined;
    case 'size':
      draft.sizeBytes = requireNumber(FILE, 'package size', attributes.package);
      return undefined;
    case 'time':
      draft.buildTimeSeconds = requireNumber(FILE, 'build time', attributes.build);
      return undefined;
    case 'location':
      draft.location = readLocation(attributes, acceptsBase);
      return undefined;
    default:
      return undefined;
  }
}

function readLocation(attributes: XmlElement['attributes'], acceptsBase: boolean): string {
  const base = attributes['xml:base'];
  const href = requireHref(FILE, attributes.href);
  if (base === undefined) return href;
  if (!acceptsBase) throw new RepodataParseError(FILE, 'expected no xml:base, found one');
  return `${base}${href}`;
}

function readEvr(attributes: XmlElement['attributes']): PackageEvr {
  return {
    epoch: requireNumber(FILE, 'epoch', attributes.epoch ?? '0'),
    version: attributes.ver ?? '',
    release: attributes.rel ?? '',
  };
}

function finish(draft: Draft): RepositoryPackage {
  const { name, arch, evr, location, checksum, sizeBytes, buildTimeSeconds } = draft;
  if (
    name === undefined ||
    arch === undefined ||
    evr === undefined ||
    location === undefined ||
    checksum === undefined ||
    sizeBytes === undefined ||
    buildTimeSeconds === undefined
  ) {
    const found = `of ${quoteExcerpt(name ?? '')} found ${Object.keys(draft).join(', ')}`;
    throw new RepodataParseError(
      FILE,
      `expected name, arch, version, checksum, time, size and location, ${found}`,
    );
  }
  const nevra = { name, arch, ...evr };
  const illegal = findIllegalPart(nevra);
  if (illegal !== undefined) {
    const found = quoteExcerpt(String(nevra[illegal]));
    throw new RepodataParseError(FILE, `expected a legal ${illegal} of a package, found ${found}`);
  }
  return { ...nevra, location, checksum, sizeBytes, buildTimeSeconds };
}
