import { readFile } from 'node:fs/promises';
import { findProgram } from '../activities/find-program.ts';
import { findConfig } from '../config/find-config.ts';
import { loadSettings } from '../config/load-settings.ts';
import { findEngine } from '../containers/find-engine.ts';
import { hasRegistry } from '../containers/require-image.ts';
import type { Settings } from '../model/settings.ts';
import { listBackends, mockEnvironment } from './build-backend.ts';
import type { Check } from './check.ts';
import { checkLoadTests } from './check-load-tests.ts';
import { checkMock } from './check-mock.ts';
import { checkRoom } from './check-room.ts';
import { checkSigning } from './check-signing.ts';
import { checkWorkflows } from './check-workflows.ts';
import { cacheDirectory } from './context.ts';
import type { Installer } from './installer.ts';
import { connectClient, isExternal, temporalAddress } from './temporal-connection.ts';
import { findTemporal } from './temporal-server.ts';
import { listUnverifiedTargets } from './unverified-targets.ts';

/** Programs by the package that brings them, per family of distributions. */
const PROGRAMS = [
  { program: 'rpmsign', debian: 'rpm', fedora: 'rpm-sign' },
  { program: 'rpmkeys', debian: 'rpm', fedora: 'rpm' },
  { program: 'createrepo_c', debian: 'createrepo-c', fedora: 'createrepo_c' },
  { program: 'gpg', debian: 'gnupg', fedora: 'gnupg2' },
  { program: 'openssl', debian: 'openssl', fedora: 'openssl' },
  { program: 'gpgv', debian: 'gpgv', fedora: 'gnupg2' },
  { program: 'xz', debian: 'xz-utils', fedora: 'xz' },
  { program: 'zstd', debian: 'zstd', fedora: 'zstd' },
  { program: 'bzip2', debian: 'bzip2', fedora: 'bzip2' },
] as const;

/** What kmods need that lie in a git repository. */
const GIT_PROGRAMS = [
  { program: 'git', debian: 'git', fedora: 'git-core' },
  { program: 'prlimit', debian: 'util-linux', fedora: 'util-linux' },
] as const;

/** What a single command needs, and why a machine may do without. */
const OPTIONAL_PROGRAMS = [
  {
    ...{ program: 'xorriso', debian: 'xorriso', fedora: 'xorriso' },
    purpose: 'writes driver disks ("rekmod dud")',
  },
  {
    ...{ program: 'sqlite3', debian: 'sqlite3', fedora: 'sqlite' },
    purpose: "shrinks Temporal's database when rekmod starts",
  },
] as const;

const MIN_NODE = { major: 20, minor: 19 } as const;

/** Looks at everything that rekmod needs; changes nothing. */
export async function checkAll(configPath: string | undefined): Promise<readonly Check[]> {
  const install = await findInstaller();
  const { check: configuration, settings } = await checkConfiguration(configPath);
  // Who builds with mock alone needs no containers.
  const wantsEngine = settings === undefined || listBackends(settings).has('container');
  return [
    checkNode(),
    ...(await Promise.all(listPrograms(settings).map((wanted) => checkProgram(wanted, install)))),
    ...(await Promise.all(OPTIONAL_PROGRAMS.map((wanted) => checkOptional(wanted, install)))),
    ...(wantsEngine ? [await checkEngine(install)] : []),
    await checkTemporal(settings),
    ...(settings ? await checkWorkflows(settings) : []),
    configuration,
    ...(settings ? listUnverifiedTargets(settings).map(warnUnverified) : []),
    ...(settings ? await checkImages(settings) : []),
    ...(settings ? await checkRoom(settings) : []),
    ...(settings ? await checkMock(settings, mockEnvironment()) : []),
    ...(settings ? await checkSigning(settings, new Date()) : []),
    ...(settings
      ? await checkLoadTests(settings, { searchPath: process.env.PATH ?? '', installer: install })
      : []),
  ];
}

type Program =
  | (typeof PROGRAMS)[number]
  | (typeof GIT_PROGRAMS)[number]
  | (typeof OPTIONAL_PROGRAMS)[number];

function listPrograms(settings: Settings | undefined): readonly Program[] {
  const isGitUsed = settings?.kmods.some(({ source }) => source.kind === 'git') === true;
  return isGitUsed ? [...PROGRAMS, ...GIT_PROGRAMS] : PROGRAMS;
}

async function findInstaller(): Promise<Installer> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(?:_LIKE)?=.*(?:fedora|rhel|centos|suse)/m.test(release)
    ? { family: 'fedora', command: 'dnf install -y' }
    : { family: 'debian', command: 'apt-get install -y --no-install-recommends' };
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isGood = major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor);
  return {
    name: 'Node.js',
    isGood,
    found: process.versions.node,
    ...(isGood ? {} : { remedy: 'make setup' }),
  };
}

async function checkProgram(wanted: Program, { family, command }: Installer): Promise<Check> {
  const path = await findProgram(wanted.program, process.env.PATH ?? '');
  return {
    name: wanted.program,
    isGood: path !== undefined,
    found: path ?? 'not on PATH',
    ...(path === undefined ? { remedy: `${command} ${wanted[family]}` } : {}),
  };
}

async function checkOptional(
  wanted: (typeof OPTIONAL_PROGRAMS)[number],
  installer: Installer,
): Promise<Check> {
  const check = await checkProgram(wanted, installer);
  if (check.isGood) return check;
  return { ...check, isGood: true, found: `not on PATH; optional, ${wanted.purpose}` };
}

async function checkEngine({ family, command }: Installer): Promise<Check> {
  const search = await findEngine({ ...process.env, uid: process.getuid?.() ?? 0 });
  if (search.kind === 'found') {
    const { kind, version, address } = search.engine.info;
    const found = `${kind} ${version} at ${address}`;
    return { name: 'container engine', isGood: true, found };
  }
  const tried = search.attempts.map(({ address, problem }) => `${address}: ${problem}`).join('; ');
  const install =
    family === 'debian'
      ? `${command} docker.io && dockerd &   (or: make setup)`
      : `${command} podman && systemctl enable --now podman.socket`;
  return { name: 'container engine', isGood: false, found: tried, remedy: install };
}

async function checkTemporal(settings: Settings | undefined): Promise<Check> {
  const name = 'Temporal';
  if (settings && isExternal(settings.temporal)) {
    const address = temporalAddress(settings.temporal);
    try {
      const { connection } = await connectClient(settings.temporal);
      await connection.close();
      return { name, isGood: true, found: `a server at ${address}` };
    } catch {
      const remedy = 'start that server, or take temporal.address and TEMPORAL_ADDRESS away';
      return { name, isGood: false, found: `nobody answers at ${address}`, remedy };
    }
  }
  try {
    const found = await findTemporal(process.env.PATH ?? '', cacheDirectory());
    return { name, isGood: true, found };
  } catch {
    const remedy = 'make setup   (or: go install github.com/temporalio/cli/cmd/temporal@v1.5.1)';
    return { name, isGood: false, found: 'no temporal program', remedy };
  }
}

async function checkConfiguration(
  explicitPath: string | undefined,
): Promise<{ readonly check: Check; readonly settings?: Settings }> {
  const name = 'configuration';
  try {
    const file = await findConfig({
      explicitPath,
      environment: process.env,
      workingDirectory: process.cwd(),
    });
    const settings = await loadSettings(file);
    return { check: { name, isGood: true, found: file }, settings };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { check: { name, isGood: false, found, remedy: 'see docs/configuration.md' } };
  }
}

/** Works, so it is no failure; but whoever can change that mirror has code in every build. */
function warnUnverified(target: string): Check {
  return {
    name: `packages of target ${target}`,
    isGood: true,
    found: 'installed unverified from "repositories"',
    remedy: `name the files with their keys in "targets.${target}.gpgKeys"`,
  };
}

async function checkImages(settings: Settings): Promise<readonly Check[]> {
  const search = await findEngine({ ...process.env, uid: process.getuid?.() ?? 0 });
  if (search.kind !== 'found') return [];
  const used = new Set(settings.streams.map((stream) => stream.target));
  const checks: Check[] = [];
  for (const target of settings.targets.filter(({ name }) => used.has(name))) {
    if (target.backend !== 'container') continue;
    const { name, image } = target;
    const found = await search.engine.findImage(image);
    const isPulled = hasRegistry(image);
    const missing = isPulled ? 'pulled when it is first needed' : 'not on this machine';
    checks.push({
      name: `image of target ${name}`,
      isGood: found !== undefined || isPulled,
      found: found?.id ?? `${image} is ${missing}`,
      ...(found || isPulled ? {} : { remedy: 'build it, or name one of a registry in "targets"' }),
    });
  }
  return checks;
}
