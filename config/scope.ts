import { isAbsolute, join, resolve } from 'node:path';
import type { ConfigProblem } from '../model/config-errors.ts';
import type { Definitions } from './definitions.ts';
import type { Config } from './schema.ts';
import { suggest } from './suggest.ts';
import type { ConfigPath, Place, YamlDocument } from './yaml-document.ts';

/** The sections whose entries have names. */
export type NamedSection = 'streams' | 'targets' | 'kmods' | 'repositories';

/** What must be at a path. */
export type FileKind = 'file' | 'folder' | 'file or folder';

/** A file or folder that must exist for the configuration to hold. */
export interface FileClaim {
  readonly path: string;
  readonly kind: FileKind;
  /** Makes the problem of it, e.g. of `a folder` where a file was expected. */
  readonly describe: (found: string) => ConfigProblem;
}

/** What is at hand while a checked file is turned into settings. */
export interface Scope {
  readonly document: YamlDocument;
  /** Without the entries that the schema refused. */
  readonly config: Config;
  readonly shipped: Definitions;
  /** Relative paths begin here. */
  readonly folder: string;
  /** Entries that the schema refused; nothing is said about references to them. */
  readonly damaged: ReadonlySet<string>;
  readonly problems: ConfigProblem[];
  readonly claims: FileClaim[];
}

/** How a damaged entry, or section, is named in {@link Scope}. */
export function damagedKey(section: string, name?: string): string {
  return name === undefined ? section : `${section}/${name}`;
}

/** Whether the schema refused this entry, so that nothing more can be said about it. */
export function isDamaged(scope: Scope, section: NamedSection, name: string): boolean {
  const { damaged } = scope;
  return damaged.has(damagedKey(section)) || damaged.has(damagedKey(section, name));
}

/** Records a problem at a path of the user's file. */
export function report(scope: Scope, path: ConfigPath, sentence: string, place?: Place): void {
  scope.problems.push(scope.document.problemAt(path, sentence, place));
}

/** Records a reference to something that does not exist. */
export function reportUnknown(
  scope: Scope,
  path: ConfigPath,
  unknown: { readonly what: string; readonly name: string; readonly known: readonly string[] },
): void {
  const { what, name, known } = unknown;
  report(scope, path, `unknown ${what} "${name}": ${suggest(name, known)}`);
}

/** A path of the user's file as an absolute one. */
export function resolvePath(scope: Scope, path: string): string {
  return isAbsolute(path) ? resolve(path) : join(scope.folder, path);
}

/** Notes that a path must exist; `path` is where the file says so. */
export function claimFile(
  scope: Scope,
  path: ConfigPath,
  claim: { readonly at: string; readonly kind: FileKind; readonly advice?: string },
): string {
  const { at, kind, advice } = claim;
  const tail = advice === undefined ? '' : `; ${advice}`;
  scope.claims.push({
    path: at,
    kind,
    describe: (found) =>
      scope.document.problemAt(path, `missing ${kind} "${at}": found ${found}${tail}`),
  });
  return at;
}
