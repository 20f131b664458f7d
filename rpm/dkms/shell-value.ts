/**
 * A piece of what a variable of a `dkms.conf` holds: text, a variable that has its value only in the
 * build, or an expansion that only a shell can evaluate.
 */
export type ValuePart =
  | { readonly kind: 'text'; readonly text: string }
  /** E.g. `kernelver`. */
  | { readonly kind: 'variable'; readonly name: string }
  /** E.g. `$(nproc)`, with its dollar or its backticks. */
  | { readonly kind: 'shell'; readonly text: string };

/** What a variable holds; its pieces one after the other. */
export type ShellValue = readonly ValuePart[];

const PLAIN_WORD = /^[A-Za-z0-9_./:=@,+-]+$/;

/** Gives the text of a value that is nothing but text; undefined for any other. */
export function textOf(value: ShellValue): string | undefined {
  let text = '';
  for (const part of value) {
    if (part.kind !== 'text') return undefined;
    text += part.text;
  }
  return text;
}

/**
 * Writes a value as the command that it is: its text is shell, as DKMS evaluates it.
 *
 * @returns E.g. `make -C ${kernel_source_dir} modules`.
 */
export function toCommand(value: ShellValue): string {
  return value.map((part) => (part.kind === 'variable' ? `\${${part.name}}` : part.text)).join('');
}

/** Writes a value as one word of a command, e.g. `src/jool.ko` or `"a b/${kernelver}"`. */
export function toWord(value: ShellValue): string {
  const text = textOf(value);
  if (text !== undefined && PLAIN_WORD.test(text)) return text;
  const inner = value.map((part) => {
    if (part.kind === 'variable') return `\${${part.name}}`;
    return part.kind === 'text' ? part.text.replace(/["\\$`]/g, '\\$&') : part.text;
  });
  return `"${inner.join('')}"`;
}

/** Quotes text so that a shell takes it as one word and reads nothing into it, e.g. `'^5\.4'`. */
export function quoteForShell(text: string): string {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
