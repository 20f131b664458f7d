import type { Checksum } from '../model/kernel.ts';
import { quoteExcerpt, RepodataParseError } from '../model/parse-errors.ts';
import { requireChecksum, requireHref } from './metadata-values.ts';
import {
  createXmlReader,
  requireNumber,
  type TextConsumer,
  type XmlElement,
} from './xml-reader.ts';

/** The entry file of an rpm-md repository. */
export interface Repomd {
  /** A time or a number, free text; empty when missing. */
  readonly revision: string;
  readonly files: readonly RepomdFile[];
}

/** One file that `repomd.xml` names. */
export interface RepomdFile {
  /** E.g. `primary`, `filelists`; unique. */
  readonly type: string;
  /** Relative to the repository's base URL, e.g. `repodata/<sha256>-primary.xml.gz`. */
  readonly location: string;
  readonly checksum: Checksum;
  /** Of the content when decompressed. */
  readonly openChecksum?: Checksum;
  readonly sizeBytes?: number;
  readonly openSizeBytes?: number;
}

const FILE = 'repomd.xml';
const TEXT_LENGTH_LIMIT = 4 * 1024 * 1024;
const FILE_LIMIT = 1000;
const TYPE = /^[A-Za-z0-9_.-]{1,64}$/;

interface Draft {
  readonly type: string;
  location?: string;
  checksum?: Checksum;
  openChecksum?: Checksum;
  sizeBytes?: number;
  openSizeBytes?: number;
}

/**
 * Parses `repomd.xml`.
 *
 * @throws {RepodataParseError} If it is malformed, out of bounds, names a file twice or one outside
 *   of the repository.
 * @see createrepo_c src/xml_dump_repomd.c; librepo librepo/repomd.c
 */
export function parseRepomd(xml: string): Repomd {
  if (xml.length > TEXT_LENGTH_LIMIT) {
    const detail = `expected at most ${TEXT_LENGTH_LIMIT} characters, found ${xml.length}`;
    throw new RepodataParseError(FILE, detail);
  }
  const files = new Map<string, RepomdFile>();
  let revision = '';
  let draft: Draft | undefined;
  const reader = createXmlReader(FILE, {
    open(element, depth) {
      if (depth === 1) requireRoot(element);
      if (depth === 2 && element.name === 'data') draft = { type: requireType(element, files) };
      if (depth === 2 && element.name === 'revision') {
        return (text) => {
          revision = text;
        };
      }
      return depth === 3 && draft !== undefined ? readField(draft, element) : undefined;
    },
    close(depth) {
      if (depth !== 2 || draft === undefined) return;
      files.set(draft.type, finish(draft));
      draft = undefined;
    },
  });
  reader.write(xml);
  reader.close();
  return { revision, files: [...files.values()] };
}

function requireRoot(element: XmlElement): void {
  if (element.name !== 'repomd') {
    const found = quoteExcerpt(element.name);
    throw new RepodataParseError(FILE, `expected the root "repomd", found ${found}`);
  }
}

function requireType(element: XmlElement, files: ReadonlyMap<string, RepomdFile>): string {
  const type = element.attributes.type ?? '';
  if (!TYPE.test(type) || files.has(type)) {
    const found = quoteExcerpt(type);
    throw new RepodataParseError(FILE, `expected data types, each once, found ${found}`);
  }
  if (files.size >= FILE_LIMIT) {
    throw new RepodataParseError(FILE, `expected at most ${FILE_LIMIT} files, found more`);
  }
  return type;
}

function readField(draft: Draft, { name, attributes }: XmlElement): TextConsumer | undefined {
  switch (name) {
    case 'location':
      if (attributes['xml:base'] !== undefined) {
        throw new RepodataParseError(FILE, 'expected no xml:base, found one');
      }
      draft.location = requireHref(FILE, attributes.href);
      return undefined;
    case 'checksum':
      return (value) => {
        draft.checksum = requireChecksum(FILE, { type: attributes.type, value });
      };
    case 'open-checksum':
      return (value) => {
        draft.openChecksum = requireChecksum(FILE, { type: attributes.type, value });
      };
    case 'size':
      return (text) => {
        draft.sizeBytes = requireNumber(FILE, 'size', text);
      };
    case 'open-size':
      return (text) => {
        draft.openSizeBytes = requireNumber(FILE, 'open-size', text);
      };
    default:
      return undefined;
  }
}

function finish(draft: Draft): RepomdFile {
  const { location, checksum } = draft;
  if (location === undefined || checksum === undefined) {
    const found = `of ${draft.type} found ${location === undefined ? 'no location' : 'no checksum'}`;
    throw new RepodataParseError(FILE, `expected location and checksum, ${found}`);
  }
  return { ...draft, location, checksum };
}
