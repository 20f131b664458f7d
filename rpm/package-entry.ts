import type { Checksum, Evr } from '../model/kernel.ts';
import { quoteExcerpt, RepodataParseError } from '../model/parse-errors.ts';
import { requireChecksum, requireHref } from './metadata-values.ts';
import {
  createXmlReader,
  requireNumber,
  type TextConsumer,
  type XmlElement,
} from './xml-reader.ts';

/** What the gated repository needs to know of a package in primary metadata. */
export interface PackageEntry extends Evr {
  readonly name: string;
  readonly arch: string;
  /** The digest by which file lists and change logs name the package. */
  readonly checksum: Checksum;
  /** E.g. `kernel-5.14.0-611.el9.src.rpm`; absent of source packages. */
  readonly sourceRpm?: string;
  /** Below the repository's base URL. */
  readonly location: string;
  readonly sizeBytes: number;
}

const FILE = 'primary.xml';

type Draft = { -readonly [Key in keyof PackageEntry]?: PackageEntry[Key] };

/**
 * Parses one `<package>` of primary metadata by itself; a text that is not well-formed alone is refused.
 *
 * @throws {RepodataParseError} If it is malformed, has a comment or CDATA, or lacks something.
 */
export function parsePackageEntry(text: string): PackageEntry {
  // Whoever rewrites its location must find the tag by its text.
  if (/<[!?]/.test(text)) {
    throw new RepodataParseError(FILE, 'expected packages without comments and CDATA, found some');
  }
  const draft: Draft = {};
  const reader = createXmlReader(FILE, {
    open: (element, depth) => (depth === 1 ? undefined : readField(draft, element, depth)),
    close: () => undefined,
  });
  reader.write(text);
  reader.close();
  return finish(draft);
}

/**
 * Lets a package's location begin elsewhere.
 *
 * @param text A `<package>` that {@link parsePackageEntry} has read.
 * @param to `base`: a URL, for packages that lie elsewhere; `folder`: below the repository, e.g. `upstream/0/`.
 */
export function relocatePackage(
  text: string,
  to: { readonly base: string } | { readonly folder: string },
): string {
  if ('base' in to) {
    return text.replace(/<location(?=\s)/, () => `<location xml:base="${escapeXml(to.base)}"`);
  }
  return text.replace(
    /(<location\s(?:[^<>]*\s)?href=["'])/,
    (start) => `${start}${escapeXml(to.folder)}`,
  );
}

/** Escapes text for an XML attribute or element. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

function readField(draft: Draft, element: XmlElement, depth: number): TextConsumer | undefined {
  const { name, attributes } = element;
  if (depth === 3) return name === 'rpm:sourcerpm' ? readSource(draft) : undefined;
  if (depth !== 2) return undefined;
  switch (name) {
    case 'name':
    case 'arch':
      return (text) => {
        draft[name] = text;
      };
    case 'checksum':
      return (value) => {
        draft.checksum = requireChecksum(FILE, { type: attributes.type, value });
      };
    case 'version':
      draft.epoch = requireNumber(FILE, 'epoch', attributes.epoch ?? '0');
      draft.version = attributes.ver ?? '';
      draft.release = attributes.rel ?? '';
      return undefined;
    case 'size':
      draft.sizeBytes = requireNumber(FILE, 'package size', attributes.package);
      return undefined;
    case 'location':
      readLocation(draft, attributes);
      return undefined;
    default:
      return undefined;
  }
}

function readSource(draft: Draft): TextConsumer {
  return (text) => {
    if (text !== '') draft.sourceRpm = text;
  };
}

function readLocation(draft: Draft, attributes: XmlElement['attributes']): void {
  if (draft.location !== undefined || attributes['xml:base'] !== undefined) {
    throw new RepodataParseError(FILE, 'expected one location without xml:base, found another');
  }
  draft.location = requireHref(FILE, attributes.href);
}

function finish(draft: Draft): PackageEntry {
  const { name, arch, epoch, version, release, checksum, location, sizeBytes, sourceRpm } = draft;
  if (
    name === undefined ||
    arch === undefined ||
    epoch === undefined ||
    version === undefined ||
    release === undefined ||
    checksum === undefined ||
    location === undefined ||
    sizeBytes === undefined
  ) {
    const found = `of ${quoteExcerpt(name ?? '')} found ${Object.keys(draft).join(', ')}`;
    const detail = `expected name, arch, version, checksum, size and location, ${found}`;
    throw new RepodataParseError(FILE, detail);
  }
  return {
    ...{ name, arch, epoch, version, release, checksum, location, sizeBytes },
    ...(sourceRpm === undefined ? {} : { sourceRpm }),
  };
}
