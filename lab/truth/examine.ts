import { collectExports, findProblems } from '../../kabi/resolve.ts';
import { type KmodBuild, keyOfBuild } from './builds.ts';
import { pickInTree, readInTreeModules } from './in-tree-modules.ts';
import { type Inventory, isForeign } from './inventory.ts';
import { judgeInventory } from './judge-inventory.ts';
import type { TruthKernel } from './kernels.ts';
import type { Loader } from './loader.ts';
import { readLoaderAnswer } from './loader-answer.ts';
import { groupNameOf, makeLoaderGroups } from './loader-groups.ts';
import { groupModules } from './module-groups.ts';
import { NEGATIVE_CASES } from './negative-cases.ts';
import { once } from './once.ts';
import type { Pair } from './pair.ts';
import { digestSources, type Memory } from './remember.ts';
import { kmodOf, type Survey, surveyInventory } from './survey.ts';
import type { GroupResult } from './try-groups.ts';
import { type BuiltKernel, makeInventories } from './variants.ts';
import { askWeakModules, type LinkedPart } from './weak-modules.ts';
import { askWeakModules2 } from './weak-modules2.ts';

/** Puts the builds of one kernel to another one, or to their own. */
export interface Examiner {
  examine(home: BuiltKernel, kernel: TruthKernel): Promise<readonly Pair[]>;
}

/** What {@link openExaminer} works with. */
export interface ExaminerParts {
  readonly memory: Memory;
  readonly loader: Loader;
  /** Where variants of modules are written. */
  readonly scratch: string;
}

/** What the other judges but the loader say about an inventory; plain JSON. */
interface Answers {
  readonly survey: Survey;
  /** Absent at home, where nothing is linked. */
  readonly weak?: WeakAnswers;
}

interface AskedInventory extends Answers {
  readonly inventory: Inventory;
}

interface WeakAnswers {
  readonly modules: Readonly<Record<string, LinkedPart>>;
  readonly modules2: readonly string[];
}

type Groups = readonly (readonly string[])[];

const DEPMOD_SOURCES = [
  'depmod-output.ts',
  'in-tree-modules.ts',
  'module-groups.ts',
  'needed-modules.ts',
  'sandbox.ts',
  'survey.ts',
  'weak-modules.ts',
  'weak-modules2.ts',
];

/** Opens an examiner; what was recorded of the same modules and kernels is not done again. */
export async function openExaminer({ memory, loader, scratch }: ExaminerParts): Promise<Examiner> {
  const sources = await digestSources(DEPMOD_SOURCES);
  const inTree = once((kernel: TruthKernel) => readInTreeModules(kernel));
  const groupsOf = once((home: BuiltKernel) =>
    memory.recall({ purpose: 'groups', parts: keyParts(sources, home.kernel, home.builds) }, () =>
      groupModules(home.kernel, home.builds),
    ),
  );
  const ask = async (
    inventory: Inventory,
    home: BuiltKernel,
    wholeTree?: AskedInventory,
  ): Promise<AskedInventory> => {
    const { kernel, builds } = inventory;
    const answers = await memory.recall(
      { purpose: 'depmod', parts: keyParts(sources, kernel, builds) },
      async (): Promise<Answers> => {
        // Variants import what the builds import that they were made of.
        const known =
          wholeTree && pickInTree(wholeTree.inventory, wholeTree.survey, await inTree(kernel));
        const survey = await surveyInventory(inventory, known);
        if (!isForeign(inventory)) return { survey };
        const picked = known ?? pickInTree(inventory, survey, await inTree(kernel));
        const modules = await askWeakModules(inventory, await groupsOf(home), picked);
        return { survey, weak: { modules, modules2: await askWeakModules2(inventory, picked) } };
      },
    );
    return { inventory, ...answers };
  };
  return {
    async examine(home, kernel) {
      const [asBuilt, ...variants] = await makeInventories(home, kernel, scratch);
      const first = await ask(asBuilt, home);
      const asked = [first];
      for (const variant of variants) asked.push(await ask(variant, home, first));
      const results = await loader.try(
        kernel,
        asked.flatMap(({ inventory, survey }) => makeLoaderGroups(inventory, survey)),
      );
      const groups = isForeign(asBuilt) ? await groupsOf(home) : [];
      return asked.flatMap((answered) => makePairs(answered, { results, groups }));
    },
  };
}

function keyParts(
  sources: string,
  kernel: TruthKernel,
  builds: readonly KmodBuild[],
): readonly string[] {
  return [sources, kernel.release, kernel.symversDigest, ...builds.map(keyOfBuild)];
}

function makePairs(
  { inventory, survey, weak }: AskedInventory,
  others: { readonly results: ReadonlyMap<string, GroupResult>; readonly groups: Groups },
): readonly Pair[] {
  const { variant, builtFor, kernel, builds, subjects } = inventory;
  const judged = judgeInventory(inventory);
  const all = builds.flatMap(({ modules }) => modules.map(({ facts }) => facts));
  const providers = new Map<string, readonly number[]>();
  collectExports(providers, all);
  const negative = NEGATIVE_CASES.find(({ name }) => name === variant);
  return builds.flatMap((build) => {
    const { kmod } = build;
    const result = others.results.get(groupNameOf(inventory, kmod));
    const judgement = judged.get(kmod);
    if (!subjects.includes(kmod)) return [];
    if (!result || !judgement) throw new Error(`BUG: nobody said anything about ${kmod}`);
    const modules = build.modules.map(({ facts }) => facts);
    const pair: Pair = {
      kmod,
      variant,
      builtFor,
      kernel: kernel.release,
      ...judgement,
      linkProblems: findProblems({ modules, kernel: kernel.symvers, providers }),
      modules,
      loader: readLoaderAnswer(result, all),
      depmod: {
        fits: survey.fitting.includes(kmod),
        complaints: survey.complaints.filter((complaint) => complaint.kmod === kmod),
      },
      ...(weak
        ? {
            weak: {
              modules: weak.modules[kmod] ?? 'none',
              modules2: weak.modules2.includes(kmod),
              misfitsInGroup: findMisfits(kmod, others.groups, survey),
            },
          }
        : {}),
      isNegative: negative !== undefined,
      ...(negative?.loader ? { expectedLoader: negative.loader } : {}),
    };
    return [pair];
  });
}

/** Other kmods that share a group with this one and do not fit. */
function findMisfits(kmod: string, groups: Groups, { fitting }: Survey): readonly string[] {
  const kmods = groups
    .map((group) => group.map(kmodOf))
    .filter((group) => group.includes(kmod))
    .flat();
  return [...new Set(kmods)].filter((other) => other !== kmod && !fitting.includes(other));
}
