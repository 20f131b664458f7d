import { DkmsParseError, quoteExcerpt } from '../../model/parse-errors.ts';
import type { DkmsConf, DkmsModule, Matched } from './dkms-conf.ts';
import { readConditions } from './read-conditions.ts';
import { type ConfRemark, type ConfVariables, readVariables } from './read-variables.ts';
import { type ShellValue, textOf, toCommand } from './shell-value.ts';

const PACKAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
const PACKAGE_VERSION = /^[A-Za-z0-9][A-Za-z0-9._+~^-]{0,63}$/;
/** Of client machines, or of DKMS itself. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['POST_ADD', 'is a step of DKMS that a package has no use for'],
  ['PRE_INSTALL', 'would run on client machines and is left out'],
  ['POST_INSTALL', 'would run on client machines and is left out'],
  ['POST_REMOVE', 'would run on client machines and is left out'],
  ['BUILD_DEPENDS', 'names other DKMS packages: their symbols must be given to the build'],
  ['MODULES_CONF', 'is for a file that no system has any more'],
]);

/**
 * Reads a `dkms.conf` as DKMS would, without running any of it.
 *
 * Assignments are evaluated; commands such as MAKE stay what they are, shell for the build. A file with
 * conditions or command substitutions outside of commands has {@link DkmsConf.logic}.
 *
 * @throws {DkmsParseError} If it has no name or version, or what DKMS refuses.
 * @see dkms(8), DKMS.CONF; dkms 3.0.10 and 3.1, read_conf()
 */
export function parseDkmsConf(text: string): DkmsConf {
  const variables = readVariables(text);
  const logic: ConfRemark[] = [...variables.logic];
  const packageName = requireLiteral(variables, 'PACKAGE_NAME', PACKAGE_NAME);
  const modules = readModules(variables, packageName, logic);
  const make = readMatched(variables, ['MAKE', 'MAKE_MATCH'], logic);
  const patches = readMatched(variables, ['PATCH', 'PATCH_MATCH'], logic);
  const commands = {
    ...findCommand(variables, 'clean', 'CLEAN'),
    ...findCommand(variables, 'preBuild', 'PRE_BUILD'),
    ...findCommand(variables, 'postBuild', 'POST_BUILD'),
  };
  for (const [name, values] of variables.values) {
    // A line of its own could begin with what rpm reads as a section of the spec.
    const isLong = [...values.values()].some((value) => toCommand(value).includes('\n'));
    if (isLong) {
      logic.push({ line: variables.lines.get(name) ?? 0, text: `${name} has several lines` });
    }
  }
  for (const name of variables.unsure) {
    if (name.startsWith('PACKAGE_')) throw unreadable(variables, name);
  }
  return {
    packageName,
    packageVersion: requireLiteral(variables, 'PACKAGE_VERSION', PACKAGE_VERSION),
    make,
    ...commands,
    modules,
    patches,
    conditions: readConditions(variables),
    isWeakModulesWanted: !isSet(variables, 'NO_WEAK_MODULES'),
    isInitrdRemade: /^[yY]/.test(literalOf(variables, 'REMAKE_INITRD') ?? ''),
    logic: logic.sort((a, b) => a.line - b.line),
    remarks: [...LEFT_OUT].flatMap(([name, sentence]) =>
      isSet(variables, name)
        ? [{ line: variables.lines.get(name) ?? 0, text: `${name} ${sentence}` }]
        : [],
    ),
  };
}

function isSet({ values }: ConfVariables, name: string): boolean {
  return [...(values.get(name)?.values() ?? [])].some((value) => textOf(value) !== '');
}

function literalOf({ values }: ConfVariables, name: string): string | undefined {
  return textOf(values.get(name)?.get(0) ?? []);
}

function requireLiteral(variables: ConfVariables, name: string, form: RegExp): string {
  const line = variables.lines.get(name);
  if (line === undefined) throw new DkmsParseError(`expected ${name}, found none`);
  const text = literalOf(variables, name);
  if (text === undefined) throw unreadable(variables, name);
  if (form.test(text)) return text;
  throw new DkmsParseError(
    `expected ${name} of letters, digits and "._+-", found ${quoteExcerpt(text)}`,
    line,
  );
}

function unreadable({ lines }: ConfVariables, name: string): DkmsParseError {
  return new DkmsParseError(
    `expected ${name} as plain text, found what only a shell can evaluate`,
    lines.get(name),
  );
}

function findCommand<K extends string>(
  { values }: ConfVariables,
  key: K,
  name: string,
): { readonly [P in K]?: ShellValue } {
  const value = values.get(name)?.get(0);
  return value === undefined || textOf(value) === ''
    ? {}
    : ({ [key]: value } as { [P in K]: ShellValue });
}

function readMatched(
  variables: ConfVariables,
  [name, matchName]: readonly [string, string],
  logic: ConfRemark[],
): readonly Matched<ShellValue>[] {
  const values = [...(variables.values.get(name) ?? [])].sort(([a], [b]) => a - b);
  return values.flatMap(([index, value]) => {
    if (textOf(value) === '') return [];
    const pattern = variables.values.get(matchName)?.get(index) ?? [];
    const match = textOf(pattern);
    if (match === undefined) {
      logic.push({ line: variables.lines.get(matchName) ?? 0, text: `${matchName}[${index}]` });
      return [];
    }
    // A command other than the first is for nothing without a match; a patch is for all.
    if (match === '' && name === 'MAKE' && index > 0) return [];
    return [{ value, ...(match === '' ? {} : { match }) }];
  });
}

const MODULE_ARRAYS = [
  'BUILT_MODULE_NAME',
  'BUILT_MODULE_LOCATION',
  'DEST_MODULE_NAME',
  'DEST_MODULE_LOCATION',
] as const;

function readModules(
  variables: ConfVariables,
  packageName: string,
  logic: readonly ConfRemark[],
): readonly DkmsModule[] {
  const count = Math.max(
    ...MODULE_ARRAYS.map((name) => Math.max(-1, ...(variables.values.get(name)?.keys() ?? [])) + 1),
  );
  if (count === 0 && logic.length === 0) {
    throw new DkmsParseError('expected modules by DEST_MODULE_LOCATION, found none');
  }
  return Array.from({ length: count }, (_, index) =>
    readModule(variables, index, count === 1 ? packageName : undefined),
  ).filter((module) => module !== undefined);
}

function readModule(
  variables: ConfVariables,
  index: number,
  standard: string | undefined,
): DkmsModule | undefined {
  const at = (name: string): ShellValue => variables.values.get(name)?.get(index) ?? [];
  const given = at('BUILT_MODULE_NAME');
  const name: ShellValue =
    textOf(given) === '' && standard !== undefined ? [{ kind: 'text', text: standard }] : given;
  if (textOf(name) === '') {
    // With conditions, the numbers need not follow each other.
    if (variables.logic.length > 0) return undefined;
    throw new DkmsParseError(`expected BUILT_MODULE_NAME[${index}], found none`);
  }
  const dest = at('DEST_MODULE_NAME');
  for (const text of [textOf(name), textOf(dest)]) {
    if (text === undefined || !/\.k?o$/.test(text)) continue;
    const found = quoteExcerpt(text);
    const detail = `expected the name of module ${index} without ".ko" or ".o", found ${found}`;
    throw new DkmsParseError(detail, variables.lines.get('BUILT_MODULE_NAME'));
  }
  const location = at('BUILT_MODULE_LOCATION');
  const isRoot = textOf(location) === '';
  const isClosed = textOf(location.slice(-1))?.endsWith('/') === true;
  return {
    built: [...location, ...(isRoot || isClosed ? [] : [SLASH]), ...name],
    name: textOf(dest) === '' ? name : dest,
    isStripped: !/^[nN]/.test(textOf(at('STRIP')) || (literalOf(variables, 'STRIP') ?? '')),
  };
}

const SLASH = { kind: 'text', text: '/' } as const;
