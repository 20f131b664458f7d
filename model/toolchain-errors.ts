import { RekmodError } from './errors.ts';

/** Thrown when a target wants the kernel's own compiler and its buildroot has another. */
export class CompilerMismatchError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly target: string;
  /** E.g. `gcc 11.5.0`. */
  readonly kernelCompiler: string;
  readonly compiler: string;

  constructor(
    target: string,
    compilers: { readonly kernelCompiler: string; readonly compiler: string },
  ) {
    const { kernelCompiler, compiler } = compilers;
    super(
      `Cannot build on the target "${target}": expected ${kernelCompiler}, which built the kernel, ` +
        `found ${compiler}; change its packages, or set "compilerMismatch: warn"`,
    );
    this.target = target;
    this.kernelCompiler = kernelCompiler;
    this.compiler = compiler;
  }
}
