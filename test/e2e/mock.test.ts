import assert from 'node:assert/strict';
import { type ExecFileException, execFile } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { mockEnvironment } from '../../cli/build-backend.ts';
import { findMock } from '../../containers/mock/find-mock.ts';
import { cacheDirectory, type Lab } from '../../lab/read-lab.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CASES = join(root, 'test', 'e2e', 'mock.cases.ts');
const LAB_MOCK = join(root, 'lab', 'mock');
const run = promisify(execFile);
const TIMEOUT_MS = 15 * 60_000;

interface KernelFiles {
  readonly release: string;
  readonly rpms: readonly string[];
}

/** What the cases need of the lab. */
interface MockLab {
  readonly lab: Lab;
  readonly devel: string;
  readonly release: string;
  /** A kernel-devel that is newer, and its release. */
  readonly newer: string;
  readonly newerRelease: string;
  readonly kmod: string;
  /** A root to install, and the newer kernel-devel. */
  readonly repository: string;
}

/** Files that mock's unprivileged user can read, whoever owns the lab. */
interface Inputs extends AsyncDisposable {
  readonly path: string;
}

/** Makes the root's repository once; the RPM is as large as the builder image. */
async function requireMockLab(): Promise<MockLab> {
  const lab = await requireLab();
  const kernels: readonly KernelFiles[] = JSON.parse(
    await readFile(join(cacheDirectory(), 'lab', 'kernels.json'), 'utf8'),
  );
  const develOf = (release: string): string => {
    const rpms = kernels.find((kernel) => kernel.release === release)?.rpms ?? [];
    const devel = rpms.find((path) => path.includes('/kernel-devel-'));
    if (devel === undefined) throw new Error(`the lab has no kernel-devel of ${release}`);
    return devel;
  };
  const release = releaseOf(lab, 'first');
  const newerRelease = releaseOf(lab, 'same');
  const newer = develOf(newerRelease);
  const repository = join(cacheDirectory(), 'lab', 'mock', lab.image.replace(/^.*:/, ''));
  const kmod = join(cacheDirectory(), 'lab', 'kmods', 'v4l2loopback');
  const made = { lab, devel: develOf(release), release, newer, newerRelease, kmod, repository };
  const isMade = await access(join(repository, 'repodata', 'repomd.xml')).then(
    () => true,
    () => false,
  );
  if (isMade) return made;
  await mkdir(repository, { recursive: true });
  const mounts = [`${LAB_MOCK}:/lab-mock:ro`, `${repository}:/out`, `${newer}:${newer}:ro`];
  await run(
    'docker',
    [
      ...['run', '--rm', '--network', 'none', ...mounts.flatMap((mount) => ['-v', mount])],
      ...[lab.image, 'bash', '/lab-mock/make-root.sh', newer],
    ],
    { timeout: TIMEOUT_MS },
  );
  return made;
}

/** Lays out what the cases read: mock's configuration of the lab, and a kmod. */
async function layOutInputs({ kmod }: MockLab, repository: string): Promise<Inputs> {
  const path = await mkdtemp(join(tmpdir(), 'rekmod-mock-'));
  await cp(kmod, join(path, 'kmod'), { recursive: true });
  await mkdir(join(path, 'etc', 'templates'), { recursive: true });
  for (const name of ['lab-x86_64.cfg', 'templates/lab.tpl']) {
    const text = await readFile(join(LAB_MOCK, name), 'utf8');
    const filled = text.replace('@REPOSITORY@', pathToFileURL(repository).href);
    await writeFile(join(path, 'etc', name), filled);
  }
  await run('chmod', ['-R', 'a+rX', path]);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function describeEnvironment(
  lab: MockLab,
  places: { readonly work: string; readonly inputs: string },
): Readonly<Record<string, string>> {
  return {
    REKMOD_MOCK_WORK: places.work,
    REKMOD_MOCK_ETC: join(places.inputs, 'etc'),
    REKMOD_MOCK_DEVEL: lab.devel,
    REKMOD_MOCK_RELEASE: lab.release,
    REKMOD_MOCK_NEWER: lab.newerRelease,
    REKMOD_MOCK_KMOD: join(places.inputs, 'kmod'),
  };
}

/** Runs the cases, and tells their times. */
async function runCases(
  context: TestContext,
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [program, ...args] = command;
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const options = { timeout: TIMEOUT_MS, env: { ...inherited, ...environment }, maxBuffer: 64e6 };
  const { code, stdout, stderr } = await run(program, args, options).then(
    (output) => ({ code: 0, ...output }),
    (error: ExecFileException & { stdout: string; stderr: string }) => error,
  );
  for (const line of stdout.match(/^# .*(?:ms|pass|fail).*$/gm) ?? []) {
    context.diagnostic(line.slice(2));
  }
  assert.equal(code, 0, `${stdout.slice(-20_000)}\n${stderr.slice(-5000)}`);
  assert.match(stdout, /^# pass [1-9]/m);
}

test('mock of this machine builds real kmods', async (context) => {
  const search = await findMock(mockEnvironment());
  if (search.kind === 'unusable') {
    context.skip(`${search.problem}: ${search.remedy}`);
    return;
  }
  const lab = await requireMockLab();
  await using inputs = await layOutInputs(lab, lab.repository);
  const work = join(inputs.path, 'work');
  await mkdir(work);
  const command = [process.execPath, '--import', 'tsx', '--test', CASES] as const;
  await runCases(context, command, describeEnvironment(lab, { work, inputs: inputs.path }));
});

test('in a container, a small program with the command line of mock builds real kmods', async (context) => {
  const lab = await requireMockLab();
  await using inputs = await layOutInputs(lab, '/repository');
  const modules = await realpath(join(root, 'node_modules'));
  const mounts = [
    ...[root, modules, lab.devel].map((path) => `${path}:${path}:ro`),
    `${inputs.path}:/inputs:ro`,
    `${lab.repository}:/repository:ro`,
    `${process.execPath}:/usr/bin/node:ro`,
  ];
  const variables = Object.entries(describeEnvironment(lab, { work: '/work', inputs: '/inputs' }));
  const setUp = [
    'groupadd --system mock',
    'mkdir -p /work /var/lib/mock /var/cache/mock',
    `install -m 0755 ${LAB_MOCK}/small-mock.py /usr/bin/mock`,
    'exec node --import tsx --test "$0"',
  ].join(' && ');
  await runCases(context, [
    'docker',
    // For mounts and namespaces; to find processes of other users in a root.
    ...['run', '--rm', '--workdir', root, '--cap-add', 'SYS_ADMIN', '--cap-add', 'SYS_PTRACE'],
    ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
    // Roots of half a gigabyte come and go.
    ...['--tmpfs', '/var/lib/mock:exec,dev,suid,mode=0755', '--tmpfs', '/var/cache/mock'],
    ...['--label', 'org.rekmod.test=mock', ...mounts.flatMap((mount) => ['-v', mount])],
    ...variables.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...[lab.lab.image, 'bash', '-c', setUp, CASES],
  ]);
});
