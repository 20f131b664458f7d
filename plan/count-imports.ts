import type { ModuleFacts } from '../model/kabi.ts';

/** How many imports modules have, one symbol counted for each module that imports it. */
export function countImports(modules: readonly Pick<ModuleFacts, 'imports'>[]): number {
  return modules.reduce((sum, { imports }) => sum + imports.length, 0);
}
