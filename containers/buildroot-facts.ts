import { fileURLToPath } from 'node:url';
import type { Toolchain } from '../model/toolchain.ts';

/** Path of the script that a buildroot is asked with. */
export const DESCRIBE_SCRIPT = fileURLToPath(
  new URL('./scripts/describe-buildroot.sh', import.meta.url),
);

/** What `scripts/describe-buildroot.sh` tells of a buildroot. */
export interface BuildrootFacts {
  /** How many packages of the devel package's name are installed; `undefined` if it does not say. */
  readonly develCount: number | undefined;
  readonly hasTree: boolean;
  readonly toolchain: Toolchain;
}

const LINE_COUNT_LIMIT = 16;
const LONGEST_LINE = 300;

/** Reads the script's lines among others; the buildroot's programs may print what they like. */
export function parseBuildrootFacts(text: string): BuildrootFacts {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const take = (word: string): readonly string[] =>
    lines
      .filter((line) => line.startsWith(`${word} `))
      .slice(0, LINE_COUNT_LIMIT)
      .map((line) => toPlain(line.slice(word.length + 1)));
  const [count] = take('devel');
  return {
    develCount: count !== undefined && /^\d{1,4}$/.test(count) ? Number(count) : undefined,
    hasTree: take('tree').length > 0,
    toolchain: { kernelConfig: take('kernel'), compilers: take('compiler') },
  };
}

/** Writes a toolchain as a label of an image, which has few characters to choose from. */
export function writeToolchainLabel(toolchain: Toolchain): string {
  return Buffer.from(JSON.stringify(toolchain)).toString('base64url');
}

/** Reads a label of {@link writeToolchainLabel}; `undefined` for anything else. */
export function readToolchainLabel(label: string | undefined): Toolchain | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(label ?? '', 'base64url').toString());
    return isToolchain(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isToolchain(value: unknown): value is Toolchain {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'kernelConfig' in value &&
    'compilers' in value &&
    isTexts(value.kernelConfig) &&
    isTexts(value.compilers)
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function toPlain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').slice(0, LONGEST_LINE);
}
