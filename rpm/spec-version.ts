/**
 * Finds the version that a spec names, for people, e.g. `0.0+git20241121`.
 *
 * @returns undefined if there is none, or macros are in it.
 */
export function findSpecVersion(specText: string): string | undefined {
  const version = /^Version:[ \t]*(\S{1,80})[ \t]*$/im.exec(specText)?.[1];
  return version?.includes('%') === true ? undefined : version;
}
