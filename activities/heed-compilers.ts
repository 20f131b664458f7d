import type { Buildroot } from '../containers/backend.ts';
import type { Target } from '../model/settings.ts';
import type { CompilerMatch } from '../model/toolchain.ts';
import { CompilerMismatchError } from '../model/toolchain-errors.ts';
import { compareCompilers, describeCompilerMatch } from '../plan/compare-compilers.ts';

/**
 * Compares a buildroot's compiler with the one that built its kernel, and says in the log what there
 * is to say, before anything is built.
 *
 * @param onLog Gets a line `rekmod: …` if they differ.
 */
export function noteCompilers(
  { toolchain }: Pick<Buildroot, 'toolchain'>,
  onLog: (chunk: Uint8Array) => void,
): CompilerMatch {
  const match = toolchain ? compareCompilers(toolchain) : ({ kind: 'unknown' } as const);
  const sentence = describeCompilerMatch(match);
  if (sentence !== undefined) onLog(Buffer.from(`rekmod: ${sentence}\n`));
  return match;
}

/** @throws {CompilerMismatchError} If the target takes a compiler of another kind or version for an error. */
export function requireCompiler(match: CompilerMatch, target: Target): void {
  if (target.compilerMismatch === 'warn') return;
  if (match.kind === 'version' || match.kind === 'other') {
    throw new CompilerMismatchError(target.name, match);
  }
}
