import { cleanText } from './clean-text.ts';

/** A remark on a line of a `dkms.conf`. */
interface Remark {
  readonly line: number;
  readonly text: string;
}

/** What was written for a DKMS source, and what is to be said about it. */
export interface DkmsImportFacts {
  /** E.g. `jool`. */
  readonly kmodName: string;
  /** Where the DKMS source lies. */
  readonly path: string;
  /** Path of the written spec. */
  readonly spec: string;
  /** Path of the written source archive. */
  readonly archive: string;
  /** Lines that the build evaluates. */
  readonly logic: readonly Remark[];
  /** Lines that are left out. */
  readonly remarks: readonly Remark[];
}

/** Says what an import wrote, what a person should look at, and what belongs into the inventory. */
export function dkmsImportToText(facts: DkmsImportFacts): string {
  const { kmodName, path, spec, archive, logic, remarks } = facts;
  return [
    `wrote ${spec}`,
    `wrote ${archive}`,
    ...section('The build reads dkms.conf itself, as only a shell can evaluate:', logic),
    ...section('Not in the spec:', remarks),
    '',
    'Put this into rekmod.yaml, below "kmods", to keep the spec and change it as you like:',
    '',
    `  ${kmodName}:`,
    `    spec: ${quote(spec)}`,
    '    streams: [<a stream of yours>]',
    '',
    'or this, to convert the DKMS source anew whenever it changes:',
    '',
    `  ${kmodName}:`,
    `    dkms: ${quote(path)}`,
    '    streams: [<a stream of yours>]',
  ].join('\n');
}

function section(title: string, remarks: readonly Remark[]): readonly string[] {
  if (remarks.length === 0) return [];
  return ['', title, ...remarks.map(({ line, text }) => `  line ${line}: ${cleanText(text)}`)];
}

/** A path as YAML takes it. */
function quote(path: string): string {
  return /^[A-Za-z0-9_./~+-]+$/.test(path) ? path : JSON.stringify(path);
}
