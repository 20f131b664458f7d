import { readFile } from 'node:fs/promises';

/**
 * The commented example configuration, e.g. for `rekmod init`.
 *
 * It loads as it stands, with an empty inventory: keys are commented out as `#key: value`, prose as
 * `# prose`, so {@link uncommentExample} shows the full form.
 */
export async function exampleConfig(): Promise<string> {
  return await readFile(new URL('./definitions/example.yaml', import.meta.url), 'utf8');
}

/** The example with every key set; the files that it names do not exist. */
export function uncommentExample(example: string): string {
  return example.replace(/^#(?=\S| {2,}\S)/gmu, '');
}
