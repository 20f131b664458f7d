import { requireWorkflowBundle } from '../../cli/workflow-bundle.ts';

const CACHE = new URL('../../node_modules/.cache/rekmod', import.meta.url).pathname;

/** The workflow bundle of the sources as they are, made by the first test that asks for it. */
export function requireTestBundle(): Promise<string> {
  return requireWorkflowBundle(CACHE);
}
