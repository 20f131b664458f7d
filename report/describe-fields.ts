import { cutToBytes } from './text-size.ts';

const MAX_VALUE_BYTES = 120;

/** Units by the ending of a field's name, largest first. */
const UNITS: Readonly<Record<string, readonly (readonly [unit: string, size: number])[]>> = {
  Ms: [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ],
  Bytes: [
    ['TiB', 1024 ** 4],
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
    ['B', 1],
  ],
};

/**
 * Says which fields of a plain JSON value differ from an earlier one, a line each: `gate.grace: 2h → 0s`,
 * `required: yes`, `urls: + https://b, - https://a`. Fields are named without their units.
 *
 * @param before Absent for a value that is new: then every field is told, with its value alone.
 * @param name What the value is called; empty for an entry whose fields are named by themselves.
 */
export function describeFields(before: unknown, after: unknown, name: string): string[] {
  if (isSame(before, after)) return [];
  if (isGroup(after) && (isGroup(before) || before === undefined)) {
    const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]);
    return [...fields].flatMap((field) => {
      const inner = name === '' ? field : `${name}.${field}`;
      return describeFields(before?.[field], after[field], inner);
    });
  }
  return [describeField(before, after, name)];
}

function describeField(before: unknown, after: unknown, name: string): string {
  const [unit] = Object.keys(UNITS).filter((ending) => name.endsWith(ending));
  const label = unit === undefined ? name : name.slice(0, -unit.length);
  if (isList(before) && isList(after)) return `${label}: ${describeList(before, after)}`;
  const value = formatValue(after, unit);
  return before === undefined
    ? `${label}: ${value}`
    : `${label}: ${formatValue(before, unit)} → ${value}`;
}

function describeList(before: readonly unknown[], after: readonly unknown[]): string {
  const earlier = before.map((item) => formatValue(item));
  const later = after.map((item) => formatValue(item));
  const changes = [
    ...later.filter((item) => !earlier.includes(item)).map((item) => `+ ${item}`),
    ...earlier.filter((item) => !later.includes(item)).map((item) => `- ${item}`),
  ];
  return changes.length === 0 ? `now in the order ${later.join(', ')}` : changes.join(', ');
}

function formatValue(value: unknown, unit?: string): string {
  if (value === undefined) return 'not set';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return formatNumber(value, unit);
  if (isList(value) && value.length === 0) return 'none';
  if (isList(value))
    return cutToBytes(value.map((item) => formatValue(item)).join(' '), MAX_VALUE_BYTES);
  return cutToBytes(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE_BYTES);
}

/** In the largest unit that gives a whole number, as the configuration has it. */
function formatNumber(value: number, unit: string | undefined): string {
  const fit = UNITS[unit ?? '']?.find(([, size]) => value % size === 0 && value >= size);
  return fit === undefined ? String(value) : `${value / fit[1]}${fit[0]}`;
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Keys of an object have no order. */
function isSame(before: unknown, after: unknown): boolean {
  if (isGroup(before) && isGroup(after)) {
    const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...fields].every((field) => isSame(before[field], after[field]));
  }
  if (isList(before) && isList(after)) {
    return before.length === after.length && before.every((item, at) => isSame(item, after[at]));
  }
  return before === after;
}
