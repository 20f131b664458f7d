import type { CompilerMatch, Toolchain } from '../model/toolchain.ts';

interface Compiler {
  readonly family: 'gcc' | 'clang';
  /** E.g. `11.5.0`. */
  readonly version: string;
  /** All that it says of itself, without the name by which it was called; empty if not known. */
  readonly signature: string;
}

/**
 * Compares the compiler that built a kernel with the ones of a buildroot. kbuild itself only warns
 * when they differ, and only in the middle of a build's log.
 *
 * @see Linux Makefile, "the compiler differs from the one used to build the kernel"
 */
export function compareCompilers({ kernelConfig, compilers }: Toolchain): CompilerMatch {
  const wanted = readKernelCompiler(kernelConfig);
  const found = compilers.map(readCompiler).filter((one) => one !== undefined);
  const compiler = found.find(({ family }) => family === wanted?.family) ?? found[0];
  if (wanted === undefined || compiler === undefined) return { kind: 'unknown' };
  const names = { kernelCompiler: nameOf(wanted), compiler: nameOf(compiler) };
  if (wanted.family !== compiler.family) return { kind: 'other', ...names };
  if (majorOf(wanted) !== majorOf(compiler)) return { kind: 'version', ...names };
  const isSame =
    wanted.signature === '' || compiler.signature === ''
      ? wanted.version === compiler.version
      : wanted.signature === compiler.signature;
  return isSame ? { kind: 'same' } : { kind: 'revision', ...names };
}

/**
 * Says a mismatch in one sentence for logs.
 *
 * @returns `undefined` when there is nothing to say.
 */
export function describeCompilerMatch(match: CompilerMatch): string | undefined {
  if (match.kind === 'same' || match.kind === 'unknown') return undefined;
  const sentence = `the kernel was built by ${match.kernelCompiler}, the buildroot has ${match.compiler}`;
  return match.kind === 'revision' ? `${sentence}: a revision of the same compiler` : sentence;
}

/** Since 5.8 a kernel tells its compiler's first line, since 4.18 a number as `110500`. */
function readKernelCompiler(lines: readonly string[]): Compiler | undefined {
  const values = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const text = values.get('CONFIG_CC_VERSION_TEXT');
  if (text !== undefined) return readCompiler(text.replace(/^"|"$/g, ''));
  const clang = toVersion(values.get('CONFIG_CLANG_VERSION'));
  if (clang !== undefined) return { family: 'clang', version: clang, signature: '' };
  const gcc = toVersion(values.get('CONFIG_GCC_VERSION'));
  return gcc === undefined ? undefined : { family: 'gcc', version: gcc, signature: '' };
}

/** Reads the first line that a compiler prints for `--version`. */
function readCompiler(line: string): Compiler | undefined {
  const family = /\bclang\b/.test(line) ? 'clang' : /\bgcc\b/.test(line) ? 'gcc' : undefined;
  // What stands in brackets is the distribution's number.
  const bare = line.replace(/\([^)]*\)/g, ' ');
  const version = /(?:^|[\s-])(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)/.exec(bare)?.[1];
  if (family === undefined || version === undefined) return undefined;
  // The same program is called gcc, gcc-12 or x86_64-linux-gnu-gcc-12.
  return { family, version, signature: line.replace(/^\S*gcc\S*\s+/, '').trim() };
}

/** `110500` is 11.5.0; 0 says that it was not this compiler. */
function toVersion(number: string | undefined): string | undefined {
  if (number === undefined || !/^[1-9]\d{4,6}$/.test(number)) return undefined;
  const value = Number(number);
  return `${Math.floor(value / 10_000)}.${Math.floor(value / 100) % 100}.${value % 100}`;
}

function majorOf({ version }: Compiler): string | undefined {
  return version.split('.')[0];
}

function nameOf({ family, version }: Compiler): string {
  return `${family} ${version}`;
}
