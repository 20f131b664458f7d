import type { StatusReport } from '../model/status.ts';

/**
 * Writes the report as `status.json`: the fields of `StatusReport` in the order in which they are
 * documented, two spaces, a line feed at the end.
 *
 * Within `schema: 1`, fields are only added. `<` is escaped, so the text may be embedded in HTML.
 */
export function statusToJson(report: StatusReport): string {
  return `${JSON.stringify(report, undefined, 2).replaceAll('<', '\\u003c')}\n`;
}
