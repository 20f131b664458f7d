import type { CauseKind, ExplainedError, FailureCause } from '../model/failure-cause.ts';
import { cleanText } from './clean-text.ts';
import { describeProvider } from './describe-provider.ts';

/**
 * Says what the kernel changed that an error names, e.g. `strlcpy was exported by vmlinux (the kernel's
 * core) in 6.1.0-54-amd64 and is gone in 6.12.117+deb12-amd64, as foretold`.
 */
export function describeError(
  error: ExplainedError,
  { before, after }: Pick<FailureCause, 'before' | 'after'>,
): string {
  const words: ErrorWords = {
    symbol: cleanText(error.symbol, 64),
    provider: describeProvider(error),
    before: cleanText(before, 64),
    after: cleanText(after, 64),
  };
  return `${ERROR_SENTENCES[error.kind](words)}${error.isForetold ? ', as foretold' : ''}`;
}

/** The first error of a cause in words; the others follow from it as often as not. */
export function describeCause(cause: FailureCause): string {
  const [first] = cause.errors;
  return first ? describeError(first, cause) : '';
}

type ErrorWords = Readonly<Record<'symbol' | 'provider' | 'before' | 'after', string>>;

const ERROR_SENTENCES: Readonly<Record<CauseKind, (words: ErrorWords) => string>> = {
  lost: ({ symbol, provider, before, after }) =>
    `${symbol} was exported by ${provider} in ${before} and is gone in ${after}`,
  crc: ({ symbol, provider, before, after }) =>
    `${symbol}, exported by ${provider}, has other types in ${after} than in ${before}`,
  'gpl-only': ({ symbol, provider, before, after }) =>
    `${symbol}, exported by ${provider}, is for GPL modules only in ${after}, unlike in ${before}`,
  namespace: ({ symbol, provider, before, after }) =>
    `${symbol}, exported by ${provider}, must be imported by its namespace in ${after}, unlike in ${before}`,
  added: ({ symbol, provider, before, after }) =>
    `${symbol} is exported by ${provider} in ${after}, unlike in ${before}, and the source brings its own`,
};
