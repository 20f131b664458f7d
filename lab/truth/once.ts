/** Makes a function that does its work once for each argument, which is compared by identity. */
export function once<Key, Result>(
  work: (key: Key) => Promise<Result>,
): (key: Key) => Promise<Result> {
  const known = new Map<Key, Promise<Result>>();
  return (key) => {
    const result = known.get(key) ?? work(key);
    known.set(key, result);
    return result;
  };
}
