import type { Limits, Repository, Settings, Stream, TemporalSettings } from '../model/settings.ts';
import {
  FailuresSection,
  LimitsSection,
  LogSection,
  MetricsSection,
  RetentionSection,
  ServerSection,
  SourcesSection,
  TemporalSection,
  UpkeepSection,
} from './schema.ts';
import { claimFile, isDamaged, report, resolvePath, type Scope } from './scope.ts';
import { resolveStaleAfter } from './stale-after.ts';
import { parseDurationMs, parseSizeBytes } from './units.ts';

/** The section `limits:` in the units of the settings. */
export function resolveLimits(scope: Scope): Limits {
  const section = scope.config.limits ?? LimitsSection.parse({});
  const memoryBytes = parseSizeBytes(section.memory);
  const scratchBytes = parseSizeBytes(section.scratch);
  if (scratchBytes >= memoryBytes) {
    const sizes = `found ${section.scratch} of ${section.memory}`;
    const sentence = `wrong "limits.scratch": it is part of "limits.memory" and must be less, ${sizes}`;
    const isNamed = hasOwnSetting(scope, 'scratch');
    report(scope, ['limits', isNamed ? 'scratch' : 'memory'], sentence);
  }
  return {
    parallelBuilds: section.parallelBuilds,
    cpus: section.cpus,
    memoryBytes,
    scratchBytes,
    pids: section.pids,
    buildTimeoutMs: parseDurationMs(section.buildTimeout),
    prepareTimeoutMs: parseDurationMs(section.prepareTimeout),
    logBytes: parseSizeBytes(section.log),
    outputBytes: parseSizeBytes(section.output),
    freeBytes: parseSizeBytes(section.free),
    freeInodes: section.freeInodes,
    ...(section.rolloutBudget === undefined
      ? {}
      : { rolloutBudgetMs: parseDurationMs(section.rolloutBudget) }),
  };
}

function hasOwnSetting(scope: Scope, key: string): boolean {
  const inside = scope.document.problemAt(['limits', key], '', 'key');
  const section = scope.document.problemAt(['limits'], '', 'key');
  return inside.line !== section.line || inside.column !== section.column;
}

/** The section `temporal:`; files of TLS are claimed. */
export function resolveTemporal(scope: Scope): TemporalSettings {
  const section = scope.config.temporal ?? TemporalSection.parse({});
  const { address, namespace, port, uiPort, tls } = section;
  if (tls === undefined) {
    return { ...(address === undefined ? {} : { address }), namespace, port, uiPort };
  }
  if (address === undefined) {
    const sentence =
      'wrong "temporal.tls": rekmod\'s own server has none, expected "temporal.address"';
    report(scope, ['temporal', 'tls'], sentence, 'key');
  }
  if ((tls.clientCert === undefined) !== (tls.clientKey === undefined)) {
    const sentence =
      'wrong "temporal.tls": expected "clientCert" and "clientKey" together, found one';
    report(scope, ['temporal', 'tls'], sentence, 'key');
  }
  const claim = (key: 'serverCa' | 'clientCert' | 'clientKey', file: string) =>
    claimFile(scope, ['temporal', 'tls', key], { at: resolvePath(scope, file), kind: 'file' });
  return {
    ...(address === undefined ? {} : { address }),
    namespace,
    port,
    uiPort,
    tls: {
      ...(tls.serverCa === undefined ? {} : { serverCa: claim('serverCa', tls.serverCa) }),
      ...(tls.clientCert === undefined ? {} : { clientCert: claim('clientCert', tls.clientCert) }),
      ...(tls.clientKey === undefined ? {} : { clientKey: claim('clientKey', tls.clientKey) }),
      ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    },
  };
}

/** The section `sources:` in the units of the settings. */
export function resolveSources(scope: Scope): Settings['sources'] {
  const { poll, staleAfter } = scope.config.sources ?? SourcesSection.parse({});
  const pollIntervalMs = parseDurationMs(poll);
  return { pollIntervalMs, staleAfterMs: resolveStaleAfter(pollIntervalMs, staleAfter) };
}

/** The section `upkeep:` in the units of the settings. */
export function resolveUpkeep(scope: Scope): Settings['upkeep'] {
  const section = scope.config.upkeep ?? UpkeepSection.parse({});
  return {
    intervalMs: parseDurationMs(section.every),
    graceMs: parseDurationMs(section.grace),
    unusedMs: parseDurationMs(section.buildroots),
    forgetMs: parseDurationMs(section.kernels),
  };
}

/** The section `failures:` in the units of the settings. */
export function resolveFailures(scope: Scope): Settings['failures'] {
  const section = scope.config.failures ?? FailuresSection.parse({});
  const retryMs = parseDurationMs(section.retry);
  return {
    rememberMs: section.remember === 0 ? 0 : parseDurationMs(section.remember),
    retryMs,
    longestRetryMs: Math.max(retryMs, parseDurationMs(section.retryAtMost)),
    breakAfter: section.breakAfter,
  };
}

const DAY_MS = 24 * 60 * 60_000;

/** The section `retention:` in the units of the settings. */
export function resolveRetention(scope: Scope): Settings['retention'] {
  const section = scope.config.retention ?? RetentionSection.parse({});
  const historyMs = parseDurationMs(section.history);
  if (historyMs < DAY_MS) {
    const sentence = `wrong "retention.history": Temporal keeps at least "1d", found "${section.history}"`;
    report(scope, ['retention', 'history'], sentence);
  }
  return {
    historyMs,
    logCount: section.logCount,
    logAgeMs: parseDurationMs(section.logAge),
    logBytes: parseSizeBytes(section.logSize),
  };
}

/** The section `metrics:`. */
export function resolveMetrics({ config }: Scope): Settings['metrics'] {
  return config.metrics ?? MetricsSection.parse({});
}

/** The section `log:`. */
export function resolveLog({ config }: Scope): Settings['log'] {
  return config.log ?? LogSection.parse({});
}

/** Every address of the machine, in IPv4 or IPv6; to listen on, not to be reached at. */
const WILDCARD_HOST = /^(::(ffff:)?)?[0.]+$|^[0:]+$/iu;

/** The section `server:`; what clients are told must be an address that they can use. */
export function resolveServer(
  scope: Scope,
  {
    streams,
    repositories,
  }: { readonly streams: readonly Stream[]; readonly repositories: readonly Repository[] },
): Settings['server'] {
  const server = scope.config.server ?? ServerSection.parse({});
  if (!WILDCARD_HOST.test(server.host)) return server;
  const used = new Set(
    streams.flatMap(({ repository, gate }) => [repository, ...(gate ? [gate.repository] : [])]),
  );
  const missing = repositories
    .filter(({ name, baseUrl }) => baseUrl === undefined && used.has(name))
    .filter(({ name }) => !isDamaged(scope, 'repositories', name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `"${name}"`).join(', ');
    const sentence =
      `wrong "server.host": clients cannot use "${server.host}", so expected a "baseUrl" for each ` +
      `repository that streams publish to, found none for ${names}`;
    report(scope, ['server', 'host'], sentence);
  }
  return server;
}
