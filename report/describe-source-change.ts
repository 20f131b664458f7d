/** What a look found of a kmod whose source makes rebuilds worth while. */
export interface SourceChange {
  readonly kmod: string;
  /** Absent where the spec does not say it plainly. */
  readonly version?: string;
  readonly what: 'spec' | 'files' | 'builder' | 'unknown';
  /** The kernels that are looked at again, newest first. */
  readonly releases: readonly string[];
}

const SHOWN_RELEASES = 8;

/** Says it in one line, e.g. `ovpn-dco: new source 0.2 (spec changed): rebuild for 6.12.117, 6.1.0-55`. */
export function describeSourceChange({ kmod, version, what, releases }: SourceChange): string {
  const name = version === undefined ? '' : ` ${version}`;
  const shown = releases.slice(0, SHOWN_RELEASES).join(', ');
  const more = releases.length - SHOWN_RELEASES;
  const rest = more > 0 ? ` and ${more} more` : '';
  return `${kmod}: ${describeWhat(name, what)}: rebuild for ${shown}${rest}`;
}

function describeWhat(version: string, what: SourceChange['what']): string {
  switch (what) {
    case 'spec':
      return `new source${version} (spec changed)`;
    case 'files':
      return `new source${version} (files beside the spec changed)`;
    case 'builder':
      return `source${version} failed in another builder`;
    default:
      return `new source${version}`;
  }
}
