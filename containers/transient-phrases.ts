/**
 * What dnf and curl say about troubles that pass: network, mirrors in mid-sync, a full disk. dnf has
 * one exit code for these and for packages that nobody has, so its words decide.
 */
export const TRANSIENT_PHRASES: readonly string[] = [
  'Failed to download metadata',
  'Errors during downloading metadata',
  'Failed to synchronize cache',
  'Error downloading packages',
  'Curl error',
  'Timeout was reached',
  'Operation too slow',
  'Could not resolve host',
  'No more mirrors to try',
  'Cannot download',
  'Downloading successful, but checksum',
  'checksum doesn',
  'incorrect checksum',
  'No space left on device',
  'needs at least',
];

/** Whether a line of a log tells of a trouble that passes. */
export function isTransient(line: string): boolean {
  return TRANSIENT_PHRASES.some((phrase) => line.includes(phrase));
}
