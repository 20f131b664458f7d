import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { openRecords } from '../../activities/records.ts';
import { cacheDirectory } from '../../cli/context.ts';
import { findTemporal, startTemporal } from '../../cli/temporal-server.ts';
import { type CommandEnd, findFreePorts, isCommandError } from '../../lab/world.ts';
import { kernelOf } from '../support/plan-facts.ts';

// What a user sees when something is missing or wrong: one clear message, the right exit code, and
// nothing left behind.

const program = fileURLToPath(new URL('../../bin/rekmod', import.meta.url));
let directory: string;
let ports: readonly number[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rekmod-refusals-'));
  ports = await findFreePorts(3);
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function writeConfig(text: string): Promise<string> {
  const path = join(directory, 'rekmod.yaml');
  await writeFile(path, text);
  return path;
}

function goodConfig(): string {
  return [
    'streams:',
    "  lab: { like: lab, urls: ['http://127.0.0.1:9'] }",
    `temporal: { port: ${ports[0]}, uiPort: ${ports[1]} }`,
    `server: { port: ${ports[2]} }`,
    '',
  ].join('\n');
}

async function rekmod(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<CommandEnd> {
  const env = { ...process.env, REKMOD_HOME: join(directory, 'home'), ...environment };
  return await new Promise((resolve, reject) => {
    execFile(program, [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && !isCommandError(error)) reject(error);
      else resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test('an unknown key is refused with file, line and a suggestion', async () => {
  const file = await writeConfig('streams: {}\nkmod:\n  zfs: {}\n');
  const { exitCode, stderr } = await rekmod(['up', '--config', file]);

  assert.equal(exitCode, 3);
  assert.match(stderr, new RegExp(`${file}:2:1: .*"kmod".*did you mean "kmods"`));
});

test('a missing configuration names where it was looked for', async () => {
  const { exitCode, stderr } = await rekmod(['plan', '--config', join(directory, 'none.yaml')]);

  assert.equal(exitCode, 3);
  assert.match(stderr, /Cannot find .*none\.yaml/);
});

test('a missing container engine names what was tried and what to do', async () => {
  const file = await writeConfig(goodConfig());
  const { exitCode, stderr } = await rekmod(['up', '--config', file], {
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  });

  assert.notEqual(exitCode, 0);
  assert.match(stderr, /Cannot find a container engine.*\/nonexistent\/docker\.sock/s);
});

test('a missing Temporal names what was tried and what to do', async () => {
  const file = await writeConfig(goodConfig());
  const node = process.execPath.replace(/\/[^/]+$/, '');
  const { exitCode, stderr } = await rekmod(['up', '--config', file], {
    PATH: `${node}:/usr/bin:/bin`,
    REKMOD_CACHE: directory,
    TEMPORAL_ADDRESS: undefined,
  });

  assert.equal(exitCode, 3);
  assert.match(stderr, /Cannot find Temporal: tried .*make setup/);
  assert.deepEqual(await readdir(join(directory, 'home', 'run')), []);
});

test('an unreachable Temporal is said with its address and exit code 4', async () => {
  const file = await writeConfig(goodConfig());
  const { exitCode, stderr } = await rekmod(['up', '--config', file], {
    TEMPORAL_ADDRESS: `127.0.0.1:${ports[0]}`,
  });

  assert.equal(exitCode, 4);
  assert.match(stderr, new RegExp(`Cannot reach Temporal "127.0.0.1:${ports[0]}"`));
});

test('a port in use is said with its remedy', async () => {
  const file = await writeConfig(goodConfig());
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(ports[2], '127.0.0.1', resolve));
  const { exitCode, stderr } = await rekmod(['up', '--config', file]);
  await new Promise((resolve) => holder.close(resolve));

  assert.equal(exitCode, 3);
  assert.match(stderr, new RegExp(`127.0.0.1:${ports[2]}.*in use; set "server.port"`));
});

test('rebuild before any kernel is known says what looks for them', async () => {
  const spec = join(directory, 'x.spec');
  await writeFile(spec, 'Name: x\n%{!?kernel_version: %define kernel_version 0}\n');
  const file = await writeConfig(`${goodConfig()}kmods:\n  x: { spec: ${spec}, streams: [lab] }\n`);
  const { exitCode, stderr } = await rekmod(['rebuild', 'x', '--config', file]);

  assert.equal(exitCode, 3);
  assert.match(stderr, /no kernel of lab is known yet; "rekmod up" looks for them/);
});

test('rebuild says when no worker is there to do it', async () => {
  const file = await writeConfig(
    `${goodConfig()}kmods:\n  jool: { spec: jool.spec, streams: [lab] }\n`,
  );
  await writeFile(join(directory, 'jool.spec'), 'Name: kmod-jool\n');
  const data = layOutDataDirectory(join(directory, 'home'));
  await openRecords(data, openContentStore(data.store)).writeKernel(kernelOf('6.1.0-54'));
  const temporal = await startTemporal({
    program: await findTemporal(process.env.PATH ?? '', cacheDirectory()),
    directory: join(directory, 'temporal'),
    namespace: 'default',
    port: ports[0] ?? 0,
    uiPort: ports[1] ?? 0,
  });
  try {
    const { exitCode, stdout, stderr } = await rekmod(
      ['rebuild', 'jool', '--no-wait', '--config', file],
      { TEMPORAL_ADDRESS: `127.0.0.1:${ports[0]}` },
    );

    assert.match(stderr, /^No worker of rekmod is at 127.*: the rebuild waits until "rekmod up"/m);
    assert.equal(stdout, 'rebuild/jool/lab/6.1.0-54.x86_64\n');
    assert.equal(exitCode, 0);
  } finally {
    await temporal.stop();
  }
});

test('doctor names each missing part with the command that installs it', async () => {
  const file = await writeConfig(goodConfig());
  const node = process.execPath.replace(/\/[^/]+$/, '');
  const { exitCode, stdout } = await rekmod(['doctor', '--config', file], {
    PATH: `${node}:/bin`,
    REKMOD_CACHE: directory,
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
    TEMPORAL_ADDRESS: undefined,
  });
  const install = (await readFile('/etc/os-release', 'utf8')).includes('debian')
    ? 'apt-get'
    : 'dnf';

  assert.equal(exitCode, 1);
  assert.match(stdout, /MISSING {2}container engine: .*nonexistent/);
  assert.match(stdout, new RegExp(`→ ${install} install`));
  assert.match(stdout, /MISSING {2}Temporal/);
  assert.match(stdout, /ok {7}Node\.js/);
});

test('a wrong option or command is refused with exit code 2', async () => {
  assert.equal((await rekmod(['plan', '--kernle', 'x'])).exitCode, 2);
  const { exitCode, stderr } = await rekmod(['plna']);

  assert.equal(exitCode, 2);
  assert.match(stderr, /Did you mean plan/);
});

test('a reader that has seen enough ends a command without complaint', async () => {
  const script = 'set -o pipefail; "$1" rebuild --help | true';
  const end = await new Promise<CommandEnd>((resolve) => {
    execFile('bash', ['-c', script, 'bash', program], (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

  assert.deepEqual(end, { exitCode: 0, stdout: '', stderr: '' });
});
