/**
 * The words of vermagic that say how the kernel was configured, with the options that set them. Before
 * 5.13 there was no `PREEMPT_BUILD`, since then `PREEMPT` sets it.
 *
 * What an architecture or `RANDSTRUCT` adds to vermagic is not among them: it cannot be told from the
 * configuration alone.
 *
 * @see Linux 6.1 include/linux/vermagic.h
 */
const FLAGS: readonly (readonly [word: string, options: readonly string[]])[] = [
  ['SMP', ['CONFIG_SMP']],
  ['preempt', ['CONFIG_PREEMPT_BUILD', 'CONFIG_PREEMPT']],
  ['preempt_rt', ['CONFIG_PREEMPT_RT']],
  ['mod_unload', ['CONFIG_MODULE_UNLOAD']],
  ['modversions', ['CONFIG_MODVERSIONS']],
];

/**
 * Tells the flags that the vermagic of a kernel has.
 *
 * @param config Its `include/config/auto.conf`, e.g. `CONFIG_SMP=y`, a line each.
 * @returns In vermagic's order, e.g. `['SMP', 'preempt', 'mod_unload', 'modversions']`.
 */
export function readVermagicFlags(config: string): readonly string[] {
  const options = new Set(config.split('\n'));
  const words = FLAGS.filter(([, names]) => names.some((name) => options.has(`${name}=y`)));
  const names = words.map(([word]) => word);
  return names.filter((name) => name !== 'preempt_rt' || !names.includes('preempt'));
}

/**
 * Whether a module's vermagic has exactly these flags, whatever else it has: the loader refuses it
 * otherwise, even if all its CRCs are right. The release in it is not compared, and neither does the
 * loader where there are modversions.
 *
 * @param vermagic E.g. `6.1.0-54-amd64 SMP preempt mod_unload modversions `; an empty one is not known.
 * @see Linux 6.1 kernel/module/version.c, same_magic()
 */
export function hasVermagicFlags(vermagic: string, flags: readonly string[]): boolean {
  if (vermagic === '') return true;
  const words = new Set(vermagic.split(' ').slice(1));
  return FLAGS.every(([word]) => words.has(word) === flags.includes(word));
}
