import { pathToFileURL } from 'node:url';
import type { Nevra } from '../../model/kernel.ts';
import type { Limits } from '../../model/settings.ts';
import { describeSignatureCheck } from '../target-keys.ts';

/** What a configuration of mock is made of. */
export interface MockConfig {
  /** The stock configuration to begin with, e.g. `/etc/mock/centos-stream-9-x86_64.cfg`. */
  readonly stockFile: string;
  /** Name of the root, alone on the machine, e.g. `rekmod-0123456789abcdef`. */
  readonly root: string;
  readonly isolation: 'nspawn' | 'simple';
  /** The kernel's devel package, which {@link kernelRepository} holds and nothing else. */
  readonly devel: Nevra;
  readonly kernelRepository: string;
  readonly packages: readonly string[];
  /** Instead of those of the stock configuration, unless empty. */
  readonly repositories: Readonly<Record<string, string>>;
  /** Paths of the keys of which one must have signed each package of those; with none, nobody need have. */
  readonly keys: readonly string[];
  readonly limits: Pick<Limits, 'memoryBytes' | 'pids' | 'cpus'>;
}

/** rekmod itself decides when a root is made anew; a digest names it. */
const ROOT_CACHE_DAYS = 3650;

/** As in containers, so that the same input makes the same RPM whenever it is built. */
const MACROS = {
  '%_buildhost': 'rekmod',
  '%source_date_epoch_from_changelog': '1',
  '%use_source_date_epoch_as_buildtime': '1',
  '%clamp_mtime_to_source_date_epoch': '1',
} as const;

/** Python that gives every repository but `[main]` lines of its own; later ones of the file win. */
const REPOSITORY_HEADING = '(?m)^(\\[(?!main\\])[^\\]\\n]+\\])[ \\t]*$';

/**
 * Writes a configuration of mock, which is Python that mock executes. It includes a stock one and
 * changes what rekmod answers for: a root of its own, no network, one kernel-devel, no update between
 * builds.
 *
 * Every `kernel-devel` but the verified one is excluded from the other repositories: mock would take
 * the newest for `BuildRequires: kernel-devel`.
 *
 * @see mock 6.7 mockbuild/config.py, update_config_from_file()
 */
export function renderMockConfig(config: MockConfig): string {
  const { devel, isolation, limits } = config;
  const own = Object.keys(config.repositories).length > 0;
  const lines = [
    '# Written by rekmod; a digest of all that goes in is part of its name. Changes are lost.',
    `include(${toPython(config.stockFile)})`,
    'import re',
    set('root', config.root),
    set('isolation', isolation),
    set('rpmbuild_networking', false),
    set('use_host_resolv', false),
    set('update_before_build', false),
    set('cleanup_on_success', true),
    set('cleanup_on_failure', true),
    ...pluginLines(),
    ...Object.entries(MACROS).map(
      ([name, value]) => `config_opts["macros"][${toPython(name)}] = ${toPython(value)}`,
    ),
    ...(isolation === 'nspawn' ? limitLines(limits) : []),
    'additional = config_opts.get("chroot_additional_packages") or []',
    'additional = additional.split() if isinstance(additional, str) else list(additional)',
    `config_opts["chroot_additional_packages"] = additional + ${toPython([describeDevel(devel), ...config.packages])}`,
    'conf = config_opts.get("dnf.conf") or "[main]\\n"',
    ...(own ? [`conf = re.sub(r"(?m)^enabled[ \\t]*=.*\\n", "", conf)`] : []),
    `conf = re.sub(r"${REPOSITORY_HEADING}", r"\\1\\n" + ${toPython(
      own ? 'enabled=0' : `excludepkgs=${devel.name}`,
    )}, conf)`,
    `config_opts["dnf.conf"] = conf + ${toPython(renderRepositories(config))}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** What dnf calls a package exactly, e.g. `kernel-devel-5.14.0-611.el9.x86_64`. */
function describeDevel({ name, epoch, version, release, arch }: Nevra): string {
  return `${name}-${epoch === 0 ? '' : `${epoch}:`}${version}-${release}.${arch}`;
}

function pluginLines(): readonly string[] {
  const plugins = 'config_opts["plugin_conf"]';
  return [
    `${plugins}["root_cache_enable"] = True`,
    `${plugins}["root_cache_opts"]["max_age_days"] = ${ROOT_CACHE_DAYS}`,
    `${plugins}["package_state_enable"] = True`,
    // A cache that builds write would let one kmod change another's objects.
    `${plugins}["ccache_enable"] = False`,
  ];
}

/** Of the scope that nspawn makes where systemd runs; with `simple` mock knows no limits. */
function limitLines({ memoryBytes, pids, cpus }: MockConfig['limits']): readonly string[] {
  const properties = [
    `--property=MemoryMax=${memoryBytes}`,
    '--property=MemorySwapMax=0',
    `--property=TasksMax=${pids}`,
    `--property=CPUQuota=${Math.max(1, Math.round(cpus * 100))}%`,
  ];
  return [
    'nspawn = list(config_opts.get("nspawn_args") or [])',
    // dnf runs in the bootstrap root, and needs what it needs.
    'config_opts["bootstrap_nspawn_args"] = nspawn',
    `config_opts["nspawn_args"] = nspawn + ${toPython(properties)}`,
  ];
}

function renderRepositories({ kernelRepository, repositories, keys, devel }: MockConfig): string {
  const kernel = [
    ...['', '[rekmod-kernel]', 'name=rekmod-kernel', `baseurl=${toUrl(kernelRepository)}`],
    ...['enabled=1', 'gpgcheck=0', 'priority=1', 'skip_if_unavailable=0', ''],
  ];
  const check = describeSignatureCheck(keys.map(toUrl));
  const others = Object.entries(repositories).flatMap(([name, url]) => {
    const id = `rekmod-own-${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`;
    return [
      ...[`[${id}]`, `name=${id}`, `baseurl=${escapeUrl(url)}`, 'enabled=1', ...check],
      ...['skip_if_unavailable=0', `excludepkgs=${devel.name}`, ''],
    ];
  });
  return [...kernel, ...others].join('\n');
}

/** dnf would replace `$` and mock's templates `{`, wherever they stand. */
function toUrl(path: string): string {
  return pathToFileURL(path).href.replaceAll('$', '%24');
}

function escapeUrl(url: string): string {
  return url.replaceAll(/[\s{}]/g, (character) => encodeURIComponent(character));
}

function set(name: string, value: string | boolean): string {
  return `config_opts[${toPython(name)}] = ${toPython(value)}`;
}

/** Writes a value as Python; JSON's strings are Python's too. */
function toPython(value: string | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}
