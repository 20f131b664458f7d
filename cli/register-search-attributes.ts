import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributes } from '../workflows/search-attributes.ts';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/**
 * Registers rekmod's search attributes in a namespace; those that exist are left alone.
 *
 * @returns False when the server refuses (no permission, no room): rekmod then works without.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<boolean> {
  const wanted = Object.values(searchAttributes).map((key) => key.name);
  try {
    const listed = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = wanted.filter((name) => listed.customAttributes?.[name] === undefined);
    if (missing.length === 0) return true;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
    return true;
  } catch {
    return false;
  }
}
