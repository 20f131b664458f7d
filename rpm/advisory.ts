import { SEVERITIES, type Severity } from '../model/gate.ts';
import type { Nevra } from '../model/kernel.ts';
import { createXmlReader, type TextConsumer, type XmlElement } from './xml-reader.ts';

/** One `<update>` of updateinfo metadata. */
export interface Advisory {
  /** E.g. `RHSA-2026:1234`; empty when it has none. */
  readonly id: string;
  /** E.g. `security`, `bugfix`. */
  readonly type: string;
  /** Absent where it has none of the known words; `moderate` is SUSE's as well as RHEL's. */
  readonly severity?: Severity;
  readonly packages: readonly Nevra[];
}

const FILE = 'updateinfo.xml';
/** A rebuild of a distribution's whole release has some ten thousand. */
const PACKAGE_LIMIT = 200_000;

/**
 * Parses one `<update>` by itself.
 *
 * @throws {RepodataParseError} If it is malformed.
 * @see createrepo_c src/xml_dump_updateinfo.c
 */
export function parseAdvisory(text: string): Advisory {
  const packages: Nevra[] = [];
  let id = '';
  let type = '';
  let severity = '';
  function open(element: XmlElement, depth: number): TextConsumer | undefined {
    const { name, attributes } = element;
    if (depth === 1) type = attributes.type ?? '';
    if (name === 'package' && packages.length < PACKAGE_LIMIT) packages.push(readNevra(attributes));
    if (depth !== 2) return undefined;
    if (name === 'id') {
      return (value) => {
        id = value;
      };
    }
    if (name !== 'severity') return undefined;
    return (value) => {
      severity = value.toLowerCase();
    };
  }
  const reader = createXmlReader(FILE, { open, close: () => undefined });
  reader.write(text);
  reader.close();
  const known = SEVERITIES.find((one) => one === severity);
  return { id, type, packages, ...(known === undefined ? {} : { severity: known }) };
}

function readNevra(attributes: XmlElement['attributes']): Nevra {
  const epoch = Number(attributes.epoch ?? 0);
  return {
    name: attributes.name ?? '',
    epoch: Number.isSafeInteger(epoch) ? epoch : 0,
    version: attributes.version ?? '',
    release: attributes.release ?? '',
    arch: attributes.arch ?? '',
  };
}
