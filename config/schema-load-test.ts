import { z } from 'zod';
import { ModuleName, ModuleParameters } from './scalars.ts';
import { Duration, Size } from './units.ts';

/** What `loadTest:` of a kmod may say. */
export const LoadTestSection = z.strictObject({
  mode: z
    .enum(['off', 'report', 'require'], { error: '"off", "report" or "require"' })
    .default('off')
    .describe('Whether a module that does not load is only reported, or not published.'),
  modules: z
    .array(ModuleName)
    .min(1, 'at least one module')
    .max(256, 'at most 256 modules')
    .optional()
    .describe('Modules that are tried. Default: all of the package.'),
  parameters: z
    .record(ModuleName, ModuleParameters)
    .default({})
    .describe('Parameters by module, as insmod takes them.'),
  alsoInsert: z
    .array(ModuleName)
    .max(64, 'at most 64 modules')
    .default([])
    .describe(
      "Modules of the kernel's own to insert first, besides those that are named as needed.",
    ),
  // Most modules that find no device say so, and nothing is wrong with them.
  acceptNoDevice: z
    .boolean()
    .default(true)
    .describe('Whether a module that finds no device counts as loaded.'),
  // Insertion takes milliseconds, a boot under emulation some seconds, on a busy machine a few more.
  timeout: Duration.default('60s').describe(
    'A boot, insertion or removal that takes longer hangs.',
  ),
  // A kernel boots with 96 MiB; the rest is for the modules.
  memory: Size.default('256MiB').describe('Memory of the virtual machine.'),
});
export type LoadTestSection = z.infer<typeof LoadTestSection>;
