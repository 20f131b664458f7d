/** What git's words mean for whoever asked. */
export type GitFailure =
  /** The server is down, slow or out of reach; it may be back soon. */
  | 'unreachable'
  /** The repository, branch or commit does not exist, or is not for us. */
  | 'refused'
  /** More than a source may have. */
  | 'too-large';

const TOO_LARGE = /file too large|died of signal 25/i;
/** All that is said when the program that writes a pack was ended for its size. */
const PACK_CUT = /invalid index-pack output/i;
/** Said besides where the pack was cut by something else. */
const OTHER_CUT = /early eof|no space left|timed out|hung up|reset|disconnect|curl|refused/i;
const REFUSED: readonly RegExp[] = [
  /couldn't find remote ref/i,
  /remote ref .* not found|not our ref/i,
  /does not appear to be a git repository/i,
  /repository .*not (?:be )?found|project .*not (?:be )?found|not exported/i,
  /authentication failed|could not read (?:username|password)|terminal prompts disabled/i,
  /permission denied|access denied|host key verification failed/i,
  /requested url returned error: 4(?!08|29)\d\d/i,
  /transport '[^']*' not allowed|unable to find remote helper/i,
  /unadvertised object/i,
  /certificate (?:problem|verif)|server verification failed/i,
];

/**
 * Tells from what git wrote to standard error whether trying again could help: git has one exit code for
 * everything. What is not known is taken for trouble that passes.
 *
 * @param stderr In English (`LC_ALL=C`).
 */
export function classifyGitFailure(stderr: string): GitFailure {
  if (TOO_LARGE.test(stderr)) return 'too-large';
  if (PACK_CUT.test(stderr) && !OTHER_CUT.test(stderr)) return 'too-large';
  return REFUSED.some((pattern) => pattern.test(stderr)) ? 'refused' : 'unreachable';
}
