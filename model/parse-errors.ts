import { RekmodError } from './errors.ts';

const SHOWN_CHARACTER_LIMIT = 60;

/**
 * Quotes a piece of foreign text for a message: cut to 60 characters, control characters escaped.
 *
 * @returns E.g. `"0xzz"`, or `"very long…"`.
 */
export function quoteExcerpt(text: string): string {
  const shown =
    text.length > SHOWN_CHARACTER_LIMIT ? `${text.slice(0, SHOWN_CHARACTER_LIMIT)}…` : text;
  return JSON.stringify(shown);
}

/** A `Module.symvers` that does not follow its format. */
export class SymversParseError extends RekmodError {
  readonly failureClass = 'outcome';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, detail: string) {
    super(`Cannot parse Module.symvers line ${line}: ${detail}`);
    this.line = line;
  }
}

/** A list of stable symbols (`kabi_stablelist_<arch>`, `Module.kabi_<arch>`) in no known form. */
export class StablelistParseError extends RekmodError {
  readonly failureClass = 'outcome';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, detail: string) {
    super(`Cannot parse kABI stablelist line ${line}: ${detail}`);
    this.line = line;
  }
}

/** A file of kABI rules (SUSE's `kabi/severities`) that does not follow its format. */
export class SeveritiesParseError extends RekmodError {
  readonly failureClass = 'outcome';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, detail: string) {
    super(`Cannot parse kABI severities line ${line}: ${detail}`);
    this.line = line;
  }
}

/** A `.ko` file that is no readable kernel module. */
export class ModuleParseError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(detail: string) {
    super(`Cannot read kernel module: ${detail}`);
  }
}

/** A package name, version or file name that is not what rpm writes. */
export class NevraParseError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly text: string;

  constructor(text: string, detail: string) {
    super(`Cannot parse package name ${quoteExcerpt(text)}: ${detail}`);
    this.text = text;
  }
}

/** A file of repository metadata by its usual name. */
export type RepodataFile =
  | 'repomd.xml'
  | 'metalink'
  | 'mirror list'
  | 'primary.xml'
  | 'filelists.xml'
  | 'other.xml'
  | 'updateinfo.xml';

/** Repository metadata (`repomd.xml`, `primary.xml`) that is malformed or outside its bounds. */
export class RepodataParseError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly file: RepodataFile;

  constructor(file: RepodataFile, detail: string) {
    super(`Cannot parse ${file}: ${detail}`);
    this.file = file;
  }
}

/** An RPM file whose lead or headers are malformed or outside rpm's own bounds. */
export class RpmHeaderParseError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(detail: string) {
    super(`Cannot read RPM header: ${detail}`);
  }
}

/** A payload that is no newc cpio archive, or one outside the bounds. */
export class CpioParseError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(detail: string) {
    super(`Cannot read cpio archive: ${detail}`);
  }
}

/** A compressed stream that is broken, or larger than allowed. */
export class DecompressError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly format: string;

  constructor(format: string, detail: string, options?: ErrorOptions) {
    super(`Cannot decompress ${format} data: ${detail}`, options);
    this.format = format;
  }
}

/** A spec file that cannot be changed as asked. */
export class SpecParseError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(detail: string) {
    super(`Cannot rewrite spec: ${detail}`);
  }
}

/** A `dkms.conf` that DKMS would refuse, or that cannot be read without running it. */
export class DkmsParseError extends RekmodError {
  readonly failureClass = 'outcome';
  /** Counted from 1; absent where something is missing as a whole. */
  readonly line?: number;

  constructor(detail: string, line?: number) {
    super(`Cannot parse dkms.conf${line === undefined ? '' : ` line ${line}`}: ${detail}`);
    if (line !== undefined) this.line = line;
  }
}

/** A tar or ar archive that is malformed or outside its bounds. */
export class ArchiveParseError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly format: string;

  constructor(format: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read ${format} archive: ${detail}`, options);
    this.format = format;
  }
}

/** A kernel image (`vmlinuz`) that is not what its architecture's boot loaders take. */
export class KernelImageParseError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(detail: string) {
    super(`Cannot read kernel image: ${detail}`);
  }
}
