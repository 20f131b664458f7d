import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from '../model/config-errors.ts';
import type { Settings } from '../model/settings.ts';
import { loadDefinitions } from './definitions.ts';
import { explainIssues } from './explain-issue.ts';
import { freezeDeep } from './freeze-deep.ts';
import { readBoundedText } from './read-bounded-text.ts';
import { resolveKmods } from './resolve-kmods.ts';
import { resolveRepositories } from './resolve-repositories.ts';
import {
  resolveFailures,
  resolveLimits,
  resolveLog,
  resolveMetrics,
  resolveRetention,
  resolveServer,
  resolveSources,
  resolveTemporal,
  resolveUpkeep,
} from './resolve-sections.ts';
import { resolveSigning } from './resolve-signing.ts';
import { resolveStreams } from './resolve-streams.ts';
import { resolveTargets } from './resolve-targets.ts';
import { salvageConfig } from './salvage-config.ts';
import type { FileClaim, Scope } from './scope.ts';
import { parseYaml, type YamlDocument } from './yaml-document.ts';

/** More than anybody reads at once. */
const MAX_PROBLEMS = 50;

/**
 * Loads a configuration file and fills in every default.
 *
 * Everything that is wrong is reported at once; nothing is guessed.
 *
 * @param file Path of the YAML file; relative paths in it begin at its folder.
 * @returns The settings, frozen to the last level.
 * @throws {ConfigError} If anything is wrong with the file or with files that it names.
 */
export async function loadSettings(file: string): Promise<Settings> {
  const parsed = parseYaml(file, await readBoundedText(file));
  if (parsed.kind === 'problems') throw new ConfigError(file, limitProblems(file, parsed.problems));
  const scope = await openScope(file, parsed.document);
  const settings = resolveSettings(scope);
  const problems = [...scope.problems, ...(await findMissingFiles(scope.claims))];
  if (problems.length > 0) throw new ConfigError(file, limitProblems(file, problems));
  return freezeDeep(settings);
}

async function openScope(file: string, document: YamlDocument): Promise<Scope> {
  const { config, issues, damaged } = salvageConfig(document.value);
  return {
    document,
    config,
    shipped: await loadDefinitions(),
    folder: dirname(resolve(file)),
    damaged,
    problems: [...explainIssues(issues, document)],
    claims: [],
  };
}

function resolveSettings(scope: Scope): Settings {
  const streams = resolveStreams(scope);
  const repositories = resolveRepositories(scope, streams);
  return {
    streams,
    targets: resolveTargets(scope, streams),
    kmods: resolveKmods(scope, streams),
    repositories,
    limits: resolveLimits(scope),
    temporal: resolveTemporal(scope),
    server: resolveServer(scope, { streams, repositories }),
    signing: resolveSigning(scope),
    sources: resolveSources(scope),
    upkeep: resolveUpkeep(scope),
    failures: resolveFailures(scope),
    retention: resolveRetention(scope),
    metrics: resolveMetrics(scope),
    log: resolveLog(scope),
  };
}

async function findMissingFiles(claims: readonly FileClaim[]): Promise<readonly ConfigProblem[]> {
  const problems = await Promise.all(
    claims.map(async (claim) => {
      const found = await describeFile(claim.path);
      const wanted = claim.kind.split(' or ').map((kind) => `a ${kind}`);
      return wanted.includes(found) ? [] : [claim.describe(found)];
    }),
  );
  return problems.flat();
}

async function describeFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'a folder';
    return found.isFile() ? 'a file' : 'something else';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'nothing' : `no way to it (${String(code)})`;
  }
}

function limitProblems(file: string, problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const sorted = [...problems].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  if (sorted.length <= MAX_PROBLEMS) return sorted;
  const rest = sorted.length - MAX_PROBLEMS;
  return [...sorted.slice(0, MAX_PROBLEMS), { file, sentence: `and ${rest} more problems` }];
}
