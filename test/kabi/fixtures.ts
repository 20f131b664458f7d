import { readFileSync } from 'node:fs';

/** The path of a file below test/fixtures. */
export function fixturePath(name: string): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}

export function readFixture(name: string): Uint8Array {
  // A plain array: slice() of a Buffer would not copy.
  return new Uint8Array(readFileSync(fixturePath(name)));
}

export function readFixtureText(name: string): string {
  return readFileSync(fixturePath(name), 'utf8');
}
