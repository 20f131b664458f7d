/** What `finit_module()` answers, and what an init of a module usually does. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [5, 'EIO'],
  [6, 'ENXIO'],
  [8, 'ENOEXEC'],
  [11, 'EAGAIN'],
  [12, 'ENOMEM'],
  [13, 'EACCES'],
  [14, 'EFAULT'],
  [16, 'EBUSY'],
  [17, 'EEXIST'],
  [19, 'ENODEV'],
  [22, 'EINVAL'],
  [28, 'ENOSPC'],
  [30, 'EROFS'],
  [38, 'ENOSYS'],
  [95, 'EOPNOTSUPP'],
  [98, 'EADDRINUSE'],
  [110, 'ETIMEDOUT'],
  [126, 'ENOKEY'],
  [127, 'EKEYEXPIRED'],
  [128, 'EKEYREVOKED'],
  [129, 'EKEYREJECTED'],
]);

/** Names an error number of Linux, e.g. `ENOENT`; `errno 512` when it has no name here. @see errno(3) */
export function nameErrno(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}
