import { DkmsParseError } from '../../model/parse-errors.ts';
import type { ShellToken, ShellWord } from './tokenize.ts';

/** Reserved words that open a compound command, and what closes it. */
const CLOSERS: ReadonlyMap<string, string> = new Map([
  ['if', 'fi'],
  ['case', 'esac'],
  ['for', 'done'],
  ['while', 'done'],
  ['until', 'done'],
  ['select', 'done'],
  ['{', '}'],
]);
/** Reserved words after which another command begins. */
const LEADERS = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '{', '!', 'time']);
const JOINTS = new Set(['&&', '||', '|']);
const CASE_ENDS = new Set([';;', ';&', ';;&']);
const NESTING_LIMIT = 64;

interface Walk {
  readonly closers: string[];
  /** Whether the next word is a command's first. */
  isAtStart: boolean;
  /** Whether a pattern of `case` comes next. */
  isAtPattern: boolean;
  /** Whether the command goes on behind a line's end. */
  isJoined: boolean;
}

/**
 * Finds the end of the command that begins at a token: a list joined by `&&`, `||` or `|`, with
 * everything between `if` and `fi`, `case` and `esac`, and so on.
 *
 * @returns The index of the `;`, `&` or line end behind it, or the number of tokens; and the names that
 *   are assigned in it.
 * @throws {DkmsParseError} If a compound command does not end.
 * @see bash(1), SHELL GRAMMAR
 */
export function skipCommand(
  tokens: readonly ShellToken[],
  start: number,
): { readonly end: number; readonly names: readonly string[] } {
  const walk: Walk = { closers: [], isAtStart: true, isAtPattern: false, isJoined: false };
  const names: string[] = [];
  for (let i = start; i < tokens.length; i += 1) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.kind === 'word') {
      if (token.target && walk.isAtStart) names.push(token.target.name);
      passWord(walk, token);
    } else if (passOperator(walk, token.text)) {
      return { end: i, names };
    }
    if (walk.closers.length > NESTING_LIMIT) {
      throw new DkmsParseError(`expected at most ${NESTING_LIMIT} nested commands`, token.line);
    }
  }
  const closer = walk.closers.at(-1);
  if (closer === undefined) return { end: tokens.length, names };
  throw new DkmsParseError(`expected "${closer}", found the end of the file`, tokens[start]?.line);
}

function passWord(walk: Walk, { raw, target }: ShellWord): void {
  const { closers } = walk;
  walk.isJoined = false;
  if (walk.isAtPattern) {
    if (raw !== 'esac') return;
    walk.isAtPattern = false;
    walk.isAtStart = true;
  }
  if (!walk.isAtStart) {
    const isHeaderEnd = raw === 'in' && closers.at(-1) === 'esac';
    if (isHeaderEnd) walk.isAtPattern = true;
    return;
  }
  if (raw === closers.at(-1)) {
    closers.pop();
    walk.isAtStart = false;
    return;
  }
  const closer = CLOSERS.get(raw);
  if (closer !== undefined) closers.push(closer);
  walk.isAtStart = target !== undefined || LEADERS.has(raw);
}

/** @returns Whether the command ends here. */
function passOperator(walk: Walk, text: string): boolean {
  const { closers } = walk;
  if (text === '\n' && (walk.isJoined || walk.isAtPattern)) return false;
  if (walk.isAtPattern) {
    if (text === ')') {
      walk.isAtPattern = false;
      walk.isAtStart = true;
    }
    return false;
  }
  if (text === '<' || text === '>' || text === '>>' || text === '&>' || text === '<<') return false;
  walk.isJoined = JOINTS.has(text);
  walk.isAtStart = true;
  if (text === '(') closers.push(')');
  else if (text === ')' && closers.at(-1) === ')') closers.pop();
  else if (CASE_ENDS.has(text) && closers.at(-1) === 'esac') walk.isAtPattern = true;
  else if (['\n', ';', '&'].includes(text)) return closers.length === 0;
  return false;
}
