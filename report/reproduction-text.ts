import type { Recipe, Reproduction } from '../model/reproduction.ts';
import { cleanText } from './clean-text.ts';

/** Longer than any path or list of macros that somebody wrote by hand. */
const MAX_LENGTH = 2000;

/** Says what a published build was made of, and how it is made again. */
export function recipeToText(recipe: Recipe): string {
  const { kmod, release, statement, packages, kernelDevel, given, symbols } = recipe;
  const { buildDefinition, runDetails } = statement.predicate;
  const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const source = resolvedDependencies.find(({ name }) => name === 'source');
  const rows: readonly (readonly [string, string])[] = [
    ...packages.map(({ fileName, sha256 }) => ['published', `${fileName} ${sha256}`] as const),
    ['kernel-devel', kernelDevel.sha256],
    ['source', describeSource(externalParameters.source, source?.uri)],
    ['source digest', source?.digest.rekmodSource ?? ''],
    ['spec', `${internalParameters.spec} (${internalParameters.dialect})`],
    ...Object.entries(internalParameters.defines).map(
      ([name, value]) => ['define', `${name} ${value}`] as const,
    ),
    ...given.map(({ fileName, sha256 }) => ['given', `${fileName} ${sha256}`] as const),
    ...(symbols ? [['given symbols', symbols.sha256] as const] : []),
    ['buildroot', recipe.buildroot.id],
    ...(recipe.image ? [['image', `${recipe.image.name} (${recipe.image.id})`] as const] : []),
    ['verdict', internalParameters.verdict.sentence],
    ['built by', `rekmod ${runDetails.builder.version.rekmod}, ${runDetails.metadata.startedOn}`],
  ];
  return [
    `${cleanText(kmod)} for kernel ${cleanText(release)} was made of`,
    ...rows.map(([name, value]) => `  ${name.padEnd(14)} ${cleanText(value, MAX_LENGTH)}`),
    '',
    'To make it again here and compare: add --run.',
    'To make it again elsewhere, in Docker or Podman: add --output <folder>, then run its reproduce.sh.',
  ].join('\n');
}

function describeSource(source: Readonly<Record<string, string>>, uri: string | undefined): string {
  const { kind = '', ...rest } = source;
  return uri ?? [kind, ...Object.values(rest)].join(' ');
}

/** Says how a reproduction ended. */
export function reproductionToText(reproduction: Reproduction): string {
  const { kmod, kernel, packages, differences, remarks } = reproduction;
  const name = `${cleanText(kmod)} for kernel ${cleanText(kernel)}`;
  const head =
    differences.length === 0
      ? `${name} is reproduced: nothing differs in`
      : `${name} is not reproduced; of`;
  return [
    head,
    ...packages.map((file) => `  ${cleanText(file)}`),
    ...differences.map((difference) => `differs: ${cleanText(difference, MAX_LENGTH)}`),
    ...remarks.map((remark) => `note: ${cleanText(remark, MAX_LENGTH)}`),
  ].join('\n');
}
