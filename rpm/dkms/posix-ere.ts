import { readBrackets } from './ere-brackets.ts';

/** A POSIX extended regular expression that is ready to be matched. */
export interface PosixEre {
  /** Tells whether the expression is found anywhere in a text, as bash's `=~` does. */
  test(text: string): boolean;
}

type Node =
  | { readonly kind: 'set'; readonly has: (character: string) => boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

/** One step of a machine; several can be taken at once, so no text makes it slow. */
type Step =
  | { readonly kind: 'set'; readonly has: (character: string) => boolean }
  | { readonly kind: 'start' | 'end' | 'found' }
  | { readonly kind: 'fork'; readonly to: readonly number[] };

const PATTERN_LENGTH_LIMIT = 1000;
const STEP_LIMIT = 20_000;
const REPEAT_LIMIT = 255;
const NESTING_LIMIT = 64;
const INTERVAL = /\{(\d{1,3})(,?)(\d{0,3})\}/y;

/**
 * Compiles a POSIX extended regular expression.
 *
 * JavaScript's own expressions will not do: their brackets and intervals differ, and one that is made to
 * hurt would take them years.
 *
 * @returns undefined for one that is malformed, longer than 1,000 characters, or that uses what is not
 *   known here (back references, collating symbols).
 * @see POSIX.1-2017, 9.4 Extended Regular Expressions
 */
export function compileEre(pattern: string): PosixEre | undefined {
  if (pattern.length > PATTERN_LENGTH_LIMIT) return undefined;
  const reader = { pattern, at: 0, depth: 0 };
  const node = readAlternatives(reader);
  if (node === undefined || reader.at < pattern.length) return undefined;
  const steps: Step[] = [];
  if (!emit(steps, node)) return undefined;
  steps.push({ kind: 'found' });
  return { test: (text) => run(steps, text) };
}

interface Reader {
  readonly pattern: string;
  at: number;
  depth: number;
}

function readAlternatives(reader: Reader): Node | undefined {
  if (reader.depth > NESTING_LIMIT) return undefined;
  const nodes: Node[] = [];
  for (;;) {
    const branch = readBranch(reader);
    if (branch === undefined) return undefined;
    nodes.push(branch);
    if (reader.pattern[reader.at] !== '|') return { kind: 'any', nodes };
    reader.at += 1;
  }
}

function readBranch(reader: Reader): Node | undefined {
  const nodes: Node[] = [];
  for (;;) {
    const next = reader.pattern[reader.at];
    if (next === undefined || next === '|' || (next === ')' && reader.depth > 0)) {
      return nodes.length === 0 ? { kind: 'empty' } : { kind: 'all', nodes };
    }
    const atom = readAtom(reader);
    const node = atom && readRepeats(reader, atom);
    if (node === undefined) return undefined;
    nodes.push(node);
  }
}

function readAtom(reader: Reader): Node | undefined {
  const { pattern, at } = reader;
  const character = pattern[at] ?? '';
  reader.at += 1;
  switch (character) {
    case '^':
      return { kind: 'start' };
    case '$':
      return { kind: 'end' };
    case '.':
      return { kind: 'set', has: () => true };
    case '[':
      return readSet(reader);
    case '(':
      return readGroup(reader);
    case '*':
    case '+':
    case '?':
    case '{':
      return undefined;
    case '\\': {
      const escaped = pattern[at + 1];
      reader.at += 1;
      // Letters and digits have meanings of their own after a backslash.
      if (escaped === undefined || /[A-Za-z0-9<>`']/.test(escaped)) return undefined;
      return { kind: 'set', has: (found) => found === escaped };
    }
    default:
      return { kind: 'set', has: (found) => found === character };
  }
}

function readSet(reader: Reader): Node | undefined {
  const brackets = readBrackets(reader.pattern, reader.at);
  if (brackets === undefined) return undefined;
  reader.at = brackets.end;
  return { kind: 'set', has: brackets.has };
}

function readGroup(reader: Reader): Node | undefined {
  reader.depth += 1;
  const node = readAlternatives(reader);
  reader.depth -= 1;
  if (reader.pattern[reader.at] !== ')') return undefined;
  reader.at += 1;
  return node;
}

function readRepeats(reader: Reader, atom: Node): Node | undefined {
  let node: Node = atom;
  for (;;) {
    const bounds = readBounds(reader);
    if (bounds === 'none') return node;
    if (bounds === undefined || bounds.max < bounds.min) return undefined;
    node = { kind: 'repeat', node, ...bounds };
  }
}

function readBounds(reader: Reader): { min: number; max: number } | 'none' | undefined {
  const { pattern, at } = reader;
  const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[pattern[at] ?? ''];
  if (simple) {
    reader.at += 1;
    return { min: simple[0] ?? 0, max: simple[1] ?? 0 };
  }
  if (pattern[at] !== '{') return 'none';
  INTERVAL.lastIndex = at;
  const [whole, from = '', comma, to = ''] = INTERVAL.exec(pattern) ?? [];
  const [min, max] = [Number(from), Number(to)];
  if (whole === undefined || min > REPEAT_LIMIT || max > REPEAT_LIMIT) return undefined;
  reader.at += whole.length;
  if (comma === '') return to === '' ? { min, max: min } : undefined;
  return { min, max: to === '' ? Infinity : max };
}

/** Appends the steps of a node. @returns Whether there was room. */
function emit(steps: Step[], node: Node): boolean {
  if (steps.length > STEP_LIMIT) return false;
  switch (node.kind) {
    case 'set':
    case 'start':
    case 'end':
      steps.push(node);
      return true;
    case 'empty':
      return true;
    case 'all':
      return node.nodes.every((inner) => emit(steps, inner));
    case 'any':
      return emitAlternatives(steps, node.nodes);
    default:
      return emitRepeat(steps, node);
  }
}

function emitAlternatives(steps: Step[], nodes: readonly Node[]): boolean {
  const starts: number[] = [];
  const ends: number[] = [];
  const fork = steps.push({ kind: 'fork', to: [] }) - 1;
  for (const node of nodes) {
    starts.push(steps.length);
    if (!emit(steps, node)) return false;
    ends.push(steps.push({ kind: 'fork', to: [] }) - 1);
  }
  steps[fork] = { kind: 'fork', to: starts };
  for (const end of ends) steps[end] = { kind: 'fork', to: [steps.length] };
  return true;
}

function emitRepeat(steps: Step[], { node, min, max }: Extract<Node, { kind: 'repeat' }>): boolean {
  for (let i = 0; i < min; i += 1) if (!emit(steps, node)) return false;
  if (max === Infinity) {
    const fork = steps.push({ kind: 'fork', to: [] }) - 1;
    if (!emit(steps, node)) return false;
    steps.push({ kind: 'fork', to: [fork] });
    steps[fork] = { kind: 'fork', to: [fork + 1, steps.length] };
    return true;
  }
  const forks: number[] = [];
  for (let i = min; i < max; i += 1) {
    forks.push(steps.push({ kind: 'fork', to: [] }) - 1);
    if (!emit(steps, node)) return false;
  }
  for (const fork of forks) steps[fork] = { kind: 'fork', to: [fork + 1, steps.length] };
  return true;
}

function run(steps: readonly Step[], text: string): boolean {
  let reached = new Set<number>();
  for (let at = 0; at <= text.length; at += 1) {
    // The expression may begin anywhere.
    reach(reached, 0, { steps, isStart: at === 0, isEnd: at === text.length });
    if (reached.has(steps.length - 1)) return true;
    const following = new Set<number>();
    const place = { steps, isStart: false, isEnd: at + 1 === text.length };
    for (const index of reached) {
      const step = steps[index];
      if (step?.kind === 'set' && at < text.length && step.has(text[at] ?? '')) {
        reach(following, index + 1, place);
      }
    }
    reached = following;
  }
  return reached.has(steps.length - 1);
}

/** Adds a step and all that can be reached from it without a character. */
function reach(
  reached: Set<number>,
  start: number,
  place: { readonly steps: readonly Step[]; readonly isStart: boolean; readonly isEnd: boolean },
): void {
  const open = [start];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const step = place.steps[index];
    if (step?.kind === 'fork') open.push(...step.to);
    if ((step?.kind === 'start' && place.isStart) || (step?.kind === 'end' && place.isEnd)) {
      open.push(index + 1);
    }
  }
}
