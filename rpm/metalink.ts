import type { Checksum } from '../model/kernel.ts';
import { RepodataParseError } from '../model/parse-errors.ts';
import { requireChecksum } from './metadata-values.ts';
import { requireMirrors } from './mirror-list.ts';
import { createXmlReader, type TextConsumer, type XmlElement } from './xml-reader.ts';

/** Who has a repository, and what its `repomd.xml` must be. */
export interface Metalink {
  /** Digests of the newest one. */
  readonly current: readonly Checksum[];
  /** Of older ones that mirrors may still have. */
  readonly alternates: readonly Checksum[];
  /** Base URLs, the most preferred first. */
  readonly baseUrls: readonly string[];
}

const FILE = 'metalink';
const SUFFIX = '/repodata/repomd.xml';
/** Others prove nothing any more, or are not known here. */
const DIGEST_TYPES: readonly string[] = ['sha256', 'sha384', 'sha512'];
const DIGEST_LIMIT = 200;
const URL_LIMIT = 2000;
const DEFAULT_PREFERENCE = 0;

/**
 * Parses a metalink of `repomd.xml`, as mirror managers write it.
 *
 * @throws {RepodataParseError} If it is malformed, out of bounds, has no good digest or no mirror that speaks HTTP.
 * @see Metalink 3.0; mirrormanager2 mirrorlist; librepo librepo/metalink.c
 */
export function parseMetalink(xml: string): Metalink {
  const path: string[] = [];
  const current: Checksum[] = [];
  const alternates: Checksum[] = [];
  const urls: { readonly baseUrl: string; readonly preference: number }[] = [];
  let isRepomd = false;

  function readField({ attributes }: XmlElement): TextConsumer | undefined {
    const { type = '' } = attributes;
    if (path.at(-1) === 'hash' && path.at(-2) === 'verification' && DIGEST_TYPES.includes(type)) {
      const digests = path.includes('alternates') ? alternates : current;
      return (value) => {
        requireRoom(digests.length, DIGEST_LIMIT);
        digests.push(requireChecksum(FILE, { type, value: value.toLowerCase() }));
      };
    }
    if (path.at(-1) !== 'url' || path.at(-2) !== 'resources') return undefined;
    const preference = Number(attributes.preference ?? DEFAULT_PREFERENCE);
    return (text) => {
      requireRoom(urls.length, URL_LIMIT);
      if (!text.endsWith(SUFFIX)) return;
      urls.push({ baseUrl: text.slice(0, 1 - SUFFIX.length), preference });
    };
  }

  const reader = createXmlReader(FILE, {
    open(element, depth) {
      if (depth === 1 && element.name !== 'metalink') {
        throw new RepodataParseError(FILE, 'expected the root "metalink", found another');
      }
      path.push(element.name.slice(element.name.indexOf(':') + 1));
      if (path.at(-1) === 'file') isRepomd = element.attributes.name === 'repomd.xml';
      return isRepomd ? readField(element) : undefined;
    },
    close() {
      path.pop();
    },
  });
  reader.write(xml);
  reader.close();
  if (current.length === 0) {
    throw new RepodataParseError(FILE, 'expected a SHA-2 digest of repomd.xml, found none');
  }
  urls.sort((one, other) => other.preference - one.preference);
  const baseUrls = requireMirrors(
    FILE,
    urls.map(({ baseUrl }) => baseUrl),
  );
  return { current, alternates, baseUrls };
}

function requireRoom(count: number, limit: number): void {
  if (count < limit) return;
  throw new RepodataParseError(FILE, `expected at most ${limit} entries of a kind, found more`);
}
