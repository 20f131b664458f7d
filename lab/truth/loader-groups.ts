import { join } from 'node:path';
import type { Inventory } from './inventory.ts';
import type { LoaderGroup } from './loader.ts';
import { moduleNameOf } from './needed-modules.ts';
import { type PlacedModule, placeModules } from './sandbox.ts';
import type { Survey } from './survey.ts';

/**
 * Makes a group of each subject: its modules, before them the modules of the kernel and of other kmods that
 * modprobe would insert, by what the real depmod found in the kernel's tree.
 */
export function makeLoaderGroups(inventory: Inventory, { needed }: Survey): readonly LoaderGroup[] {
  const { kernel, builds, subjects } = inventory;
  const placed = placeModules(builds, 'weak-updates');
  const byPath = new Map(placed.map((module) => [module.path, module]));
  const home = join(kernel.directory, 'lib', 'modules', kernel.release);
  return builds.flatMap((build) => {
    if (!subjects.includes(build.kmod)) return [];
    const own = placeModules([build], 'weak-updates').map(({ path }) => path);
    const order = new Set(own.flatMap((path) => [...(needed[path] ?? []), path]));
    const described = [...order].map((path) => {
      const ours = byPath.get(path);
      const isUnderTest = own.includes(path);
      return ours ? describeOurs(ours, isUnderTest) : describeInTree(path, home);
    });
    return [
      {
        name: groupNameOf(inventory, build.kmod),
        modules: described.map(({ module }) => module),
        contents: described.map(({ content }) => content),
      },
    ];
  });
}

/** The name of a kmod's group within a boot, in which several variants of it are tried. */
export function groupNameOf({ variant }: Pick<Inventory, 'variant'>, kmod: string): string {
  return `${variant}: ${kmod}`;
}

function describeOurs({ module: { facts, file, sha256 } }: PlacedModule, isUnderTest: boolean) {
  const content = `${isUnderTest ? 'test' : 'need'} ${sha256}`;
  return { module: { name: facts.name, path: file, isUnderTest }, content };
}

function describeInTree(path: string, home: string) {
  const module = { name: moduleNameOf(path), path: join(home, path), isUnderTest: false };
  return { module, content: path };
}
