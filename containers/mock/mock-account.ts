/** What decides as whom mock may run. */
export interface AccountFacts {
  readonly uid: number;
  /** The process' own group and its supplementary ones. */
  readonly gids: readonly number[];
  readonly environment: { readonly SUDO_UID?: string; readonly SUDO_GID?: string };
  /** Text of `/etc/group`. */
  readonly group: string;
  /** Text of `/etc/passwd`. */
  readonly passwd: string;
}

/** As whom mock runs, or why it cannot. */
export type MockAccount =
  | {
      readonly kind: 'usable';
      /** The user that mock is when it needs no privilege: who reads what it is given. */
      readonly uid: number;
      readonly gid: number;
      /** For mock's own environment. */
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'unusable'; readonly problem: string; readonly remedy: string };

const NOBODY = 'nobody';

/**
 * Decides as whom mock runs: as the member of the group `mock` that this process is, or, as root, as
 * the user that `SUDO_UID` names. Plain root is refused by mock; rekmod then names the first member
 * of the group, else `nobody`.
 *
 * @see mock 6.7 mock.py, rootcheck(), setup_uid_manager() and groupcheck()
 */
export function findMockAccount(facts: AccountFacts): MockAccount {
  const { uid, gids, environment } = facts;
  const group = findGroup(facts.group, 'mock');
  if (group === undefined) {
    const remedy = 'install mock, whose package makes it, or run "groupadd --system mock"';
    return { kind: 'unusable', problem: 'there is no group "mock"', remedy };
  }
  if (uid !== 0) {
    if (gids.includes(group.gid)) return { kind: 'usable', uid, gid: group.gid, environment: {} };
    const problem = `user ${uid} is not in the group "mock"`;
    const remedy = 'run "usermod --append --groups mock <user>" and log in again';
    return { kind: 'unusable', problem, remedy };
  }
  const { SUDO_UID, SUDO_GID } = environment;
  if (isId(SUDO_UID) && isId(SUDO_GID) && Number(SUDO_UID) !== 0) {
    return asUser(Number(SUDO_UID), Number(SUDO_GID));
  }
  const chosen = [...group.members, NOBODY]
    .map((name) => findUser(facts.passwd, name))
    .find((found) => found !== undefined && found !== 0);
  if (chosen !== undefined) return asUser(chosen, group.gid);
  const problem = 'mock refuses to run as plain root, and the group "mock" has no member';
  return { kind: 'unusable', problem, remedy: 'run rekmod as a member of the group "mock"' };
}

function asUser(uid: number, gid: number): MockAccount {
  const environment = { SUDO_UID: String(uid), SUDO_GID: String(gid) };
  return { kind: 'usable', uid, gid, environment };
}

/** Of lines such as `mock:x:135:alice,bob`. */
function findGroup(
  text: string,
  wanted: string,
): { readonly gid: number; readonly members: readonly string[] } | undefined {
  for (const line of text.split('\n')) {
    const [name, , gid, members = ''] = line.split(':');
    if (name !== wanted || !isId(gid)) continue;
    return { gid: Number(gid), members: members.split(',').filter((member) => member !== '') };
  }
  return undefined;
}

/** Of lines such as `alice:x:1000:1000:…`. */
function findUser(text: string, wanted: string): number | undefined {
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name === wanted && isId(uid)) return Number(uid);
  }
  return undefined;
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text);
}
