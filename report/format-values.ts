/** A CRC as kernel tools write it, e.g. `0x0b1c2d3e`. */
export function formatCrc(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}

/** A count with its noun, e.g. `1 symbol`, `41 symbols`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A whole number with separators, e.g. `18,107`. */
export function formatNumber(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** A length of time in its two largest units, e.g. `45 s`, `3 min`, `2 h 5 min`, `4 d`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} d`;
}

/** A moment for people, e.g. `2026-11-23 12:08 UTC` for `2026-11-23T12:08:09.123Z`. */
export function formatMoment(iso: string): string {
  const match = /^(?<day>\d{4}-\d{2}-\d{2})T(?<time>\d{2}:\d{2})/u.exec(iso);
  return match?.groups === undefined ? iso : `${match.groups.day} ${match.groups.time} UTC`;
}

/** Seconds between two ISO 8601 moments; 0 when they are in the wrong order or no moments. */
export function secondsBetween(earlier: string, later: string): number {
  const seconds = (Date.parse(later) - Date.parse(earlier)) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
}
