const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Says a size as people do, e.g. `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 'bytes';
  for (const larger of UNITS) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return `${unit === 'bytes' ? value : value.toFixed(1)} ${unit}`;
}
