/** Escapes text for a spec: a percent sign begins a macro there, two are one. */
export function escapeMacros(text: string): string {
  return text.replaceAll('%', '%%');
}
