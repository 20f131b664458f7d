/** A history's JSON holds payloads as base64; what stands in them counts as much as the rest. */
const PAYLOAD_KEY = 'data';

/** Absolute paths of the recording machine, as far as they name it, and what stands for them. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.-])\/(?:root|work|tmp|home\/[^/"\s]+)(?=\/)/g, '/srv'],
  [/https?:\/\/[^/"\s\\]+/g, 'https://mirror.example.org'],
];

/**
 * Takes out of a recorded history what tells of the machine it was recorded on: identities, stack
 * traces, paths, addresses, the host's name. Nothing of it takes part in a replay.
 *
 * @returns JSON, an event a line.
 */
export function scrubHistory(json: string, { machine }: { readonly machine: string }): string {
  const history: unknown = JSON.parse(json);
  const events = isObject(history) && Array.isArray(history.events) ? history.events : [];
  const lines = events.map((event: unknown) => JSON.stringify(scrub('', event, machine)));
  return `{"events":[\n${lines.join(',\n')}\n]}\n`;
}

function scrub(key: string, value: unknown, machine: string): unknown {
  if (typeof value === 'string') return scrubText(key, value, machine);
  if (Array.isArray(value)) return value.map((item) => scrub(key, item, machine));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, scrub(name, inner, machine)]),
  );
}

function scrubText(key: string, text: string, machine: string): string {
  if (key === 'identity') return 'worker';
  if (key === 'stackTrace') return '';
  if (key !== PAYLOAD_KEY) return replaceAll(text, machine);
  const payload = Buffer.from(text, 'base64').toString();
  return Buffer.from(replaceAll(payload, machine)).toString('base64');
}

function replaceAll(text: string, machine: string): string {
  let result = text.replaceAll(`@${machine}`, '@worker');
  for (const [pattern, replacement] of REPLACEMENTS) {
    result = result.replaceAll(pattern, replacement);
  }
  return result;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
