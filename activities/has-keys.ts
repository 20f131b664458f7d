/**
 * Tells whether a value is an object that has these keys: the outline of a record, which is all that is checked of
 * what only rekmod writes.
 */
export function hasKeys(value: unknown, ...keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}
