const EXPANSION_LIMIT = 16;
const VALUE_LENGTH_LIMIT = 4096;
const TAG = /^[ \t]*(?<name>name|version|release)[ \t]*:[ \t]*(?<value>\S+)/i;
const DEFINITION =
  /^[ \t]*(?:%\{!\?\w+:[ \t]*)?%(?:define|global)[ \t]+(?<name>\w+)[ \t]+(?<value>[^\s{}][^\s]*?)\}?[ \t]*$/;
const CONDITION_START = /^[ \t]*%if/;
const CONDITION_END = /^[ \t]*%endif\b/;
const REFERENCE = /%\{\??(?<braced>\w+)\}|%(?<plain>\w+)/g;

/** The macros that a spec defines in plain words, as they stand at the line that was read last. */
export interface PlainMacros {
  /** Reads on; lines must come in order. */
  read(line: string): void;
  /** How many `%if` are open. */
  readonly depth: number;
  /** @returns undefined if a macro is not known, or may be something else by a condition. */
  expand(text: string): string | undefined;
}

/**
 * Opens a reader of macros for what can be said about a spec without rpm.
 *
 * @param given Macros of the command line, which win.
 */
export function openPlainMacros(given: Readonly<Record<string, string>> = {}): PlainMacros {
  const macros = new Map<string, string>();
  const fixed = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  let depth = 0;

  /** A macro that a condition may define otherwise is not known. */
  function define({ name = '', value = '' }: Readonly<Record<string, string>>): void {
    const key = name.toLowerCase();
    if (depth > 0 || macros.has(key)) macros.set(key, '%{unknown:}');
    else macros.set(key, value);
  }

  return {
    get depth() {
      return depth;
    },
    read(line) {
      depth += Number(CONDITION_START.test(line)) - Number(CONDITION_END.test(line));
      const definition = (TAG.exec(line) ?? DEFINITION.exec(line))?.groups;
      if (definition) define(definition);
    },
    expand(text) {
      let expanded = text;
      for (let i = 0; i < EXPANSION_LIMIT && expanded.includes('%'); i += 1) {
        if (expanded.length > VALUE_LENGTH_LIMIT) return undefined;
        expanded = expanded.replace(REFERENCE, (whole, braced?: string, plain?: string) => {
          const key = (braced ?? plain ?? '').toLowerCase();
          return fixed.get(key) ?? macros.get(key) ?? whole;
        });
      }
      return expanded.includes('%') ? undefined : expanded;
    },
  };
}
