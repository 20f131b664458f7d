import {
  defineSearchAttributeKey,
  type SearchAttributePair,
  SearchAttributeType,
} from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

/** The search attributes by which lists are filtered; SQLite's visibility has room for ten keywords. */
export const searchAttributes = {
  kmod: defineSearchAttributeKey('RekmodKmod', SearchAttributeType.KEYWORD),
  kernel: defineSearchAttributeKey('RekmodKernel', SearchAttributeType.KEYWORD),
  stream: defineSearchAttributeKey('RekmodStream', SearchAttributeType.KEYWORD),
  arch: defineSearchAttributeKey('RekmodArch', SearchAttributeType.KEYWORD),
  verdict: defineSearchAttributeKey('RekmodVerdict', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('RekmodOutcome', SearchAttributeType.KEYWORD),
  gate: defineSearchAttributeKey('RekmodGate', SearchAttributeType.KEYWORD),
  trigger: defineSearchAttributeKey('RekmodTrigger', SearchAttributeType.KEYWORD),
} as const;

/** Which attribute gets which value, e.g. `{verdict: 'broken'}`. */
export type AttributeValues = { readonly [Key in keyof typeof searchAttributes]?: string };

/** Turns values into what the SDK takes. */
export function toPairs(values: AttributeValues): SearchAttributePair[] {
  return Object.entries(searchAttributes).flatMap(([name, key]) => {
    const value = Object.entries(values).find(([given]) => given === name)?.[1];
    return value === undefined ? [] : [{ key, value }];
  });
}

/** Sets attributes of the running workflow, if the server has them. */
export function setAttributes(
  values: AttributeValues,
  { hasSearchAttributes }: { readonly hasSearchAttributes: boolean },
): void {
  if (hasSearchAttributes) upsertSearchAttributes(toPairs(values));
}
