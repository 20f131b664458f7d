/** Keeps values up to a sum of sizes; what was put in first goes first. */
export interface BoundedCache<K, V> {
  get(key: K): V | undefined;
  /** Puts a value in, in the place of what was there. */
  set(key: K, value: V, sizeBytes: number): void;
  delete(key: K): void;
}

/** Opens an empty cache. @param limitBytes Of all sizes together; a value that is larger is not kept. */
export function openBoundedCache<K, V>(limitBytes: number): BoundedCache<K, V> {
  const kept = new Map<K, { readonly value: V; readonly sizeBytes: number }>();
  let keptBytes = 0;

  function remove(key: K): void {
    keptBytes -= kept.get(key)?.sizeBytes ?? 0;
    kept.delete(key);
  }

  return {
    get: (key) => kept.get(key)?.value,
    set(key, value, sizeBytes) {
      remove(key);
      kept.set(key, { value, sizeBytes });
      keptBytes += sizeBytes;
      for (const oldest of kept.keys()) {
        if (keptBytes <= limitBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}
