import { createHash } from 'node:crypto';
import type { Sha256Hex } from '../model/store.ts';
import type { ContainerPrepareRequest } from './prepare-buildroot.ts';
import type { TargetKey } from './target-keys.ts';

/** Grows when the preparation does something else, so that older buildroots are not used any more. */
const PREPARE_VERSION = 4;

/** A spec as a text, with the macros that it is built with. */
export interface SpecText {
  readonly text: string;
  readonly defines: Readonly<Record<string, string>>;
}

/**
 * Digests everything that could make a buildroot another one. The order of packages, repositories
 * and specs makes no difference.
 *
 * @param imageId Of the target's image, which its name alone does not pin.
 */
export function digestBuildroot(
  request: Pick<ContainerPrepareRequest, 'target' | 'kernel'>,
  imageId: string,
  { specs, keys }: { readonly specs: readonly SpecText[]; readonly keys: readonly TargetKey[] },
): Sha256Hex {
  const { target, kernel } = request;
  const needs = specs.map((spec) => JSON.stringify(selectRelevant(spec)));
  const input = {
    version: PREPARE_VERSION,
    imageId,
    release: kernel.release,
    develSha256: kernel.develSha256,
    packages: target.packages.toSorted(),
    repositories: Object.entries(target.repositories).toSorted(byName),
    ...(keys.length > 0 ? { keys: keys.map(({ sha256 }) => sha256).toSorted() } : {}),
    isOffline: target.prepareNetwork === 'none',
    specs: [...new Set(needs)].filter((need) => need !== 'null').toSorted(),
  };
  return createHash('sha256').update(JSON.stringify(input)).digest('hex');
}

/** Digests a buildroot before anything is installed for specs; no buildroot that is built in has it. */
export function digestBareBuildroot(
  request: Pick<ContainerPrepareRequest, 'target' | 'kernel'>,
  imageId: string,
  keys: readonly TargetKey[],
): Sha256Hex {
  const digest = digestBuildroot(request, imageId, { specs: [], keys });
  return createHash('sha256').update(`bare ${digest}`).digest('hex');
}

/** Sections whose lines are no directives of the spec. */
const BODY =
  /^%(?:description|prep|build|install|check|clean|files|changelog|generate_buildrequires|(?:pre|post|preun|postun|pretrans|posttrans|trigger\w*|filetrigger\w*|transfiletrigger\w*|verifyscript)(?=\s|$))\b/;
const PREAMBLE = /^%package\b/;
const MACRO = /^\s*%(?:define|global|undefine|if|elif|else|endif|bcond|include|\{)/;
const IRRELEVANT =
  /^\s*(?:#|$|(?:Release|Summary|License|URL|Group|Packager|Vendor|Source\d*|Patch\d*)\s*:)/i;
const BUILD_REQUIRES = /^\s*(?:BuildRequires|BuildConflicts)\s*:/im;

/**
 * Selects what can change a spec's `BuildRequires`: its directives and macros, and of the given
 * macros those that these mention. What is irrelevant must go, since a `Release` or changelog that
 * grows with every build would cost a new buildroot each time.
 *
 * @returns `null` when the spec has none.
 */
function selectRelevant({ text, defines }: SpecText): readonly unknown[] | null {
  const lines: string[] = [];
  let isBody = false;
  for (const line of text.split('\n')) {
    if (BODY.test(line)) isBody = true;
    else if (PREAMBLE.test(line)) isBody = false;
    if (isBody ? MACRO.test(line) : !IRRELEVANT.test(line)) lines.push(line.trim());
  }
  const relevant = lines.join('\n');
  if (!BUILD_REQUIRES.test(relevant)) return null;
  const words = new Set(relevant.match(/\w+/g));
  const used = Object.entries(defines).filter(([name]) => words.has(name));
  return [relevant, used.toSorted(byName)];
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
}
