import { evaluateIndex, evaluateWord, joinValues } from './evaluate-word.ts';
import { type Assignment, findAssignments, isCommandEnd } from './find-assignments.ts';
import type { ShellValue } from './shell-value.ts';
import { skipCommand } from './skip-command.ts';
import { type ShellToken, type ShellWord, tokenize } from './tokenize.ts';

/** Something that is to be said about a line of a `dkms.conf`. */
export interface ConfRemark {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** What the assignments of a `dkms.conf` come to, as far as they can be read without running it. */
export interface ConfVariables {
  /** Values by index; a plain variable has the index 0. */
  readonly values: ReadonlyMap<string, ReadonlyMap<number, ShellValue>>;
  /** Where each variable was assigned first. */
  readonly lines: ReadonlyMap<string, number>;
  /** Conditions and commands, in order: only a shell, in the build, can say what they come to. */
  readonly logic: readonly ConfRemark[];
  /** Variables that such conditions assign. */
  readonly unsure: ReadonlySet<string>;
}

/** Commands that change no variable. */
const HARMLESS = new Set(['pushd', 'popd', 'cd', 'echo', 'printf', ':', 'true']);

const EXCERPT_LENGTH = 60;

interface State {
  readonly values: Map<string, ReadonlyMap<number, ShellValue>>;
  readonly lines: Map<string, number>;
  readonly logic: ConfRemark[];
  readonly unsure: Set<string>;
}

/**
 * Reads the variables of a `dkms.conf`. Nothing of it is run: what is no assignment is listed.
 *
 * @throws {DkmsParseError} If it is not even the form of a bash file.
 * @see dkms(8), DKMS.CONF; dkms 3.0.10, safe_source()
 */
export function readVariables(text: string): ConfVariables {
  const tokens = tokenize(text);
  const state: State = { values: new Map(), lines: new Map(), logic: [], unsure: new Set() };
  for (let at = 0; at < tokens.length; ) {
    at = isCommandEnd(tokens[at]) ? at + 1 : readCommand(state, tokens, at);
  }
  return state;
}

/** @returns Where the next command begins. */
function readCommand(state: State, tokens: readonly ShellToken[], start: number): number {
  const assignments = findAssignments(tokens, start);
  if (assignments) {
    for (const assignment of assignments.list) assign(state, assignment);
    return assignments.end;
  }
  const first = tokens[start];
  const { end, names } = skipCommand(tokens, start);
  const isHarmless = first?.kind === 'word' && HARMLESS.has(first.raw) && names.length === 0;
  if (!isHarmless) {
    for (const name of names) state.unsure.add(name);
    state.logic.push({ line: first?.line ?? 1, text: describeCommand(tokens, start) });
  }
  return Math.max(end, start + 1);
}

function assign(state: State, { word, elements }: Assignment): void {
  const { target, line } = word;
  if (target === undefined) throw new Error('BUG: an assignment without a name');
  const { name, isAppending } = target;
  if (!state.lines.has(name)) state.lines.set(name, line);
  noteOwnExpansions(state, [word, ...(elements ?? [])]);
  const before = state.values.get(name) ?? new Map<number, ShellValue>();
  if (elements) {
    const kept = isAppending ? before : new Map<number, ShellValue>();
    const first = Math.max(-1, ...kept.keys()) + 1;
    const added = elements.map((each, i) => [first + i, evaluateWord(state, each)] as const);
    state.values.set(name, new Map([...kept, ...added]));
    return;
  }
  const index = target.index === undefined ? 0 : evaluateIndex(state, target.index);
  if (index === undefined) {
    state.unsure.add(name);
    state.logic.push({ line, text: excerpt(word.raw) });
    return;
  }
  const kept = (isAppending ? before.get(index) : undefined) ?? [];
  const value = joinValues([kept, evaluateWord(state, word)], line);
  state.values.set(name, new Map([...before, [index, value]]));
}

/**
 * An expansion such as `$(echo $NAME)` that is left to the build would need the variables that the file
 * makes for itself, which a spec does not have.
 */
function noteOwnExpansions(state: State, words: readonly ShellWord[]): void {
  for (const { parts, line, target, raw } of words) {
    const isOwn = parts.some(
      ({ kind, text }) =>
        kind === 'shell' &&
        !text.startsWith('$((') &&
        [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].some(([, name = '']) => state.lines.has(name)),
    );
    // An element such as `[2]=x` has an index of its own.
    const isIndexed = target === undefined && /^\[[^\]]*\]=/.test(raw);
    if (isOwn || isIndexed) state.logic.push({ line, text: excerpt(raw) });
  }
}

function describeCommand(tokens: readonly ShellToken[], start: number): string {
  const end = tokens.findIndex((token, i) => i >= start && isCommandEnd(token));
  const words = tokens.slice(start, end === -1 ? undefined : end);
  return excerpt(words.map((token) => (token.kind === 'word' ? token.raw : token.text)).join(' '));
}

function excerpt(text: string): string {
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}
