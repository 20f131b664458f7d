import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigNotFoundError } from '../model/config-errors.ts';

/** Environment variables, e.g. `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where to look for a configuration file. */
export interface ConfigSearch {
  /** What the user named, e.g. by `--config`. */
  readonly explicitPath?: string | undefined;
  readonly environment: Environment;
  readonly workingDirectory: string;
}

/**
 * Finds the configuration file: the named one, `$REKMOD_CONFIG`, `./rekmod.yaml`,
 * `$XDG_CONFIG_HOME/rekmod/rekmod.yaml` (`~/.config` when unset), `/etc/rekmod/rekmod.yaml`.
 *
 * A file that was named, by path or variable, is the only one tried: a slip must not end up in
 * another configuration.
 *
 * @returns Its absolute path.
 * @throws {ConfigNotFoundError} If there is none.
 */
export async function findConfig(search: ConfigSearch): Promise<string> {
  const candidates = listConfigCandidates(search);
  for (const candidate of candidates) {
    if (await isThere(candidate)) return candidate;
  }
  throw new ConfigNotFoundError(candidates);
}

/** The paths that {@link findConfig} tries, in order. */
export function listConfigCandidates(search: ConfigSearch): readonly string[] {
  const { explicitPath, environment, workingDirectory } = search;
  const named = explicitPath ?? nonEmpty(environment.REKMOD_CONFIG);
  if (named !== undefined) return [resolve(workingDirectory, named)];
  const home = nonEmpty(environment.HOME);
  const xdg = absolute(environment.XDG_CONFIG_HOME) ?? (home && join(home, '.config'));
  return [
    join(workingDirectory, 'rekmod.yaml'),
    ...(xdg === undefined ? [] : [join(xdg, 'rekmod', 'rekmod.yaml')]),
    '/etc/rekmod/rekmod.yaml',
  ];
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // A file that may not be read is a problem to report, not a reason to take the next one.
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}

/** An empty variable is as if unset (XDG Base Directory Specification). */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** A relative XDG path is to be ignored (XDG Base Directory Specification). */
export function absolute(value: string | undefined): string | undefined {
  return value?.startsWith('/') ? value : undefined;
}
