import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findUnsignedModules } from '../../activities/find-unsigned-modules.ts';
import { readModuleCertificate } from '../../activities/module-key.ts';
import { runProgram } from '../../activities/run-program.ts';
import type { Lab, LabKmod } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import { type GpgRig, makeGpgRig } from '../support/gpg-rig.ts';
import { makeKmod } from '../support/made-kmods.ts';
import { type ModuleKeyRig, makeModuleKey } from '../support/module-key-rig.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const BUILD_TIMEOUT_MS = 300_000;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const second = releaseOf(lab, 'changed');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-signing-'));
const signal = new AbortController().signal;
const rekmod = fileURLToPath(new URL('../../bin/rekmod', import.meta.url));
const NOBODY = 65534;
let gpg: GpgRig;
let moduleKey: ModuleKeyRig;
let newGpg: GpgRig | undefined;
let newModuleKey: ModuleKeyRig | undefined;
let world: World;

/** Stands in the passphrase file, and in the GnuPG home beside the key. */
const SECRET_MARKER = `rekmod-secret-${randomUUID()}`;
/** Stands in the kmod's own source: proves that the search below finds what is there. */
const CONTROL_MARKER = `rekmod-control-${randomUUID()}`;

/** Matches the text and not itself, so that the search does not find its own words. */
function toPattern(text: string): string {
  const [start = '', ...rest] = text;
  return `[${start}]${rest.join('').replaceAll(/[.+*?]/g, '[$&]')}`;
}

/** Lines of key files that nobody else on earth has. */
async function secretPatterns(): Promise<readonly string[]> {
  const pem = (await readFile(moduleKey.settings.key, 'utf8')).split('\n')[1] ?? '';
  const folder = join(gpg.home, 'private-keys-v1.d');
  const [name = ''] = await readdir(folder);
  const grip = name.replace(/\.key$/, '');
  const key = await readFile(join(folder, name), 'latin1');
  const hex = /[0-9A-F]{32}/.exec(key)?.[0];
  return [SECRET_MARKER, pem.slice(0, 40), grip, ...(hex ? [hex] : [])].map(toPattern);
}

/**
 * A kmod whose build looks for keys wherever a process can: files of all file systems, memory-backed ones
 * too, environments and command lines and open files of all processes, sockets of all kinds.
 */
async function makeSnooper(patterns: readonly string[]): Promise<LabKmod> {
  const kmod = await makeKmod(join(directory, 'kmods'), 'snooper', 'good');
  const source = join(kmod.sourceDirectory, 'snooper.c');
  await writeFile(source, `/* ${CONTROL_MARKER} */\n${await readFile(source, 'utf8')}`);
  const search = `set +e
echo "SNOOP begin as $(id -u)"
export WITNESS=${CONTROL_MARKER}
echo $WITNESS > /tmp/witness
for p in ${patterns.map((pattern) => `'${pattern}'`).join(' ')}; do
  grep -rlaE -e "$p" / --exclude-dir=proc --exclude-dir=sys 2>/dev/null | grep -vE '[.]spec$|rpm-tmp' | sed 's/^/SNOOP secret in file /'
  cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -aE -e "$p" | grep -v 'SNOOP' | sed 's/^/SNOOP secret in process /'
  for f in /proc/[0-9]*/fd/*; do
    case $(readlink "$f") in *spec*|*rpm-tmp*|pipe:*|'') continue;; esac
    timeout 2 grep -aqE -e "$p" "$f" 2>/dev/null && echo "SNOOP secret in open file $(readlink "$f")"
  done
done
grep -rlaE -e '${toPattern(CONTROL_MARKER)}' / --exclude-dir=proc --exclude-dir=sys 2>/dev/null | sed 's/^/SNOOP control in /'
cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -aE -e '^WITNESS=${toPattern(CONTROL_MARKER)}' | sed 's/^.*/SNOOP control in environment/'
find / -xdev -type s 2>/dev/null | sed 's/^/SNOOP socket /'
find /run /tmp /dev /var -type s 2>/dev/null | sed 's/^/SNOOP socket /'
tail -n +2 /proc/net/unix | sed 's/^/SNOOP unix /'
tail -n +2 /proc/net/route | sed 's/^/SNOOP route /'
mount | grep -iE 'gnupg|signing|[.]sock' | sed 's/^/SNOOP mount /'
ls -d /etc/pki/akmods/private /root/.gnupg "$HOME/.gnupg" /var/run/docker.sock /run/docker.sock 2>/dev/null | sed 's/^/SNOOP path /'
echo "SNOOP processes $(ls -d /proc/[0-9]* | wc -l)"
echo "SNOOP end"
set -e
`;
  const spec = await readFile(kmod.spec, 'utf8');
  await writeFile(kmod.spec, spec.replace('%build\n', `%build\n${search.replaceAll('%', '%%')}`));
  return kmod;
}

before(async () => {
  gpg = await makeGpgRig();
  moduleKey = await makeModuleKey('modules of the lab');
  await writeFile(join(gpg.home, 'marker'), `${SECRET_MARKER}\n`);
  const [key, passphraseFile] = [join(directory, 'encrypted.pem'), join(directory, 'passphrase')];
  await writeFile(passphraseFile, `${SECRET_MARKER}\n`, { mode: 0o600 });
  const encrypt = ['-topk8', '-in', moduleKey.settings.key, '-out', key];
  await runProgram(['openssl', 'pkcs8', ...encrypt, '-passout', `file:${passphraseFile}`]);
  await mkdir(join(directory, 'kmods'));
  const { certificate } = moduleKey.settings;
  world = await World.create(lab, {
    directory,
    released: [first],
    kmods: [await makeSnooper(await secretPatterns())],
    extra: [
      'signing:',
      `  gnupgHome: ${gpg.home}`,
      `  modules: { key: ${key}, certificate: ${certificate}, passphraseFile: ${passphraseFile} }`,
    ].join('\n'),
  });
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await gpg[Symbol.asyncDispose]();
  await moduleKey[Symbol.asyncDispose]();
  await newGpg?.[Symbol.asyncDispose]();
  await newModuleKey?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
  await removeWorld(directory);
});

async function download(name: string): Promise<string> {
  const answer = await fetch(`${world.serverUrl}/repositories/kmods/${name}`);
  assert.equal(answer.status, 200, name);
  const path = join(directory, name.split('/').at(-1) ?? '');
  await writeFile(path, new Uint8Array(await answer.arrayBuffer()));
  return path;
}

async function servedPackage(): Promise<string> {
  const folder = join(world.home, 'repositories', 'kmods', 'current', 'Packages');
  const [name = ''] = await readdir(folder);
  return name;
}

test('what a client downloads is signed, modules too, as other programs than ours say', async () => {
  await world.up();
  await world.waitFor(
    'the kmod is published',
    ({ cells }) => cells.some(({ state }) => ['built', 'failed'].includes(state)),
    BUILD_TIMEOUT_MS,
  );

  const rpm = await download(`Packages/${await servedPackage()}`);
  const certificate = await readModuleCertificate(await download('rekmod-modules.der'));
  assert.deepEqual(await findUnsignedModules(rpm, certificate, signal), []);
  const database = join(directory, 'rpmdb');
  await runProgram([
    'rpmkeys',
    '--dbpath',
    database,
    '--import',
    await download('RPM-GPG-KEY-rekmod'),
  ]);
  const check = await runProgram(['rpmkeys', '--dbpath', database, '-Kv', rpm]);
  assert.match(check.stdout, /Signature, key ID [0-9a-f]+: OK/);
  const module = join(directory, 'snooper.ko');
  const cpio = `rpm2cpio "$1" | cpio -i --quiet --to-stdout '*.ko' > "$2"`;
  await runProgram(['bash', '-c', cpio, 'extract', rpm, module]);
  const signer = await runProgram(['modinfo', '-F', 'signer', module]);
  assert.equal(signer.stdout.trim(), 'modules of the lab');
});

test('a build that looks for the keys everywhere finds none of them', async () => {
  const { stdout } = await world.rekmod('logs', 'snooper', first);
  const lines = stdout.split('\n').filter((line) => line.startsWith('SNOOP '));

  assert.ok(
    lines.some((line) => line.startsWith('SNOOP control in /')),
    stdout.slice(0, 4000),
  );
  assert.ok(lines.some((line) => line === 'SNOOP end'));
  const known = /^SNOOP (?:begin as [1-9]|control in |processes |end$)/;
  assert.deepEqual(
    lines.filter((line) => !known.test(line)),
    [],
  );
});

test('the log has a line for each signature, with the workflow that it was for', async () => {
  const records = await readLog();

  const kinds = new Set(records.map(({ what }) => what));
  assert.deepEqual([...kinds].sort(), ['metadata', 'module', 'package', 'provenance']);
  for (const { what, workflowId, result } of records) {
    assert.match(
      workflowId ?? '',
      what === 'metadata' ? /^sign\/kmods\// : /^rebuild\/snooper\/lab\//,
    );
    assert.equal(result, 'signed');
  }
});

test('a signer that was killed is followed by another, and kernels go on being served', async () => {
  const pid = await findSigner();

  process.kill(pid, 'SIGKILL');
  await world.release(second);
  await world.waitFor(
    'the kmod is built for the second kernel',
    ({ cells }) => cells.some(({ release, state }) => release === second && state === 'built'),
    BUILD_TIMEOUT_MS,
  );

  assert.notEqual(await findSigner(), pid);
  assert.match(await readFile(world.upLog, 'utf8'), /The signer ended \(SIGKILL\)/);
});

test('keys change with an overlap: a client of before goes on, with old packages and new', async () => {
  await using client = await startClient();
  await client.run('dnf -y -q --disableplugin=local install kmod-snooper');
  const [former] = await client.lines('rpm -q kmod-snooper');
  await world.end('SIGTERM');
  newGpg = await makeGpgRig();
  newModuleKey = await makeModuleKey('new modules of the lab');
  const { key, certificate } = newModuleKey.settings;
  await replaceSigning([
    `  gnupgHome: ${newGpg.home}`,
    `  otherKeys: [{ publicKey: ${gpg.publicKeyFile}, until: 2099-12-31 }]`,
    '  modules:',
    `    key: ${key}`,
    `    certificate: ${certificate}`,
    `    otherCertificates: [{ certificate: ${moduleKey.settings.certificate} }]`,
  ]);
  await world.up();
  const end = await world.rekmod('rebuild', 'snooper', '--kernel', second, '--force');
  assert.equal(end.exitCode, 0, end.stderr);

  await client.run(
    'dnf -y -q --disableplugin=local clean expire-cache && dnf -y -q --disableplugin=local update kmod-snooper',
  );
  const [current] = await client.lines('rpm -q kmod-snooper');
  assert.notEqual(current, former);
  await client.run(`dnf -y -q --disableplugin=local downgrade ${former}`);
  assert.deepEqual(await client.lines('rpm -q kmod-snooper'), [former]);
  assert.equal((await client.lines('rpm -q gpg-pubkey')).length, 2);
  const { subject } = await readModuleCertificate(await download('rekmod-modules.der'));
  assert.equal(subject, 'CN=new modules of the lab');
  const { fingerprint } = await readModuleCertificate(moduleKey.settings.certificate);
  await download(`rekmod-modules-${fingerprint.slice(0, 16).toLowerCase()}.der`);
});

test('the signer ends with what started it', async () => {
  const before = await findSigner();

  await world.end('SIGTERM');

  await assert.rejects(readFile(`/proc/${before}/stat`));
});

test('a signer of another user signs, where only that user can read the keys', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root may become another user');
  const { key, certificate } = moduleKey.settings;
  const before = await readLog();
  // The other user must be able to read what the configuration names besides.
  const upstreamKey = join(directory, 'upstream.asc');
  await copyFile(lab.upstreamKey, upstreamKey);
  const text = await readFile(world.configFile, 'utf8');
  await writeFile(world.configFile, text.replace(lab.upstreamKey, upstreamKey));
  await replaceSigning([
    '  process: separate',
    `  gnupgHome: ${gpg.home}`,
    `  modules: { key: ${key}, certificate: ${certificate} }`,
  ]);
  await chmod(directory, 0o755);
  const owned = [join(world.home, 'signing'), gpg.home, dirname(key)];
  await runProgram(['chown', '-R', `${NOBODY}:${NOBODY}`, ...owned]);
  const become = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
  const signer = spawn('setpriv', [...become, rekmod, '--config', world.configFile, 'signer'], {
    env: { ...process.env, HOME: '/nonexistent', REKMOD_HOME: world.home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await world.up();
    const end = await world.rekmod('rebuild', 'snooper', '--kernel', second, '--force');

    assert.equal(end.exitCode, 0, end.stderr);
    const made = (await readLog()).slice(before.length);
    assert.deepEqual(
      made.map(({ what, result }) => `${what} ${result}`),
      ['module signed', 'package signed', 'provenance signed', 'metadata signed'],
    );
    assert.notEqual(made[1]?.key, before.at(-1)?.key);
    const keyFile = join(world.home, 'signing', 'public', 'RPM-GPG-KEY-rekmod');
    assert.equal((await stat(keyFile)).uid, NOBODY);
  } finally {
    signer.kill('SIGTERM');
    await world.end('SIGTERM');
  }
});

async function readLog(): Promise<readonly Record<string, string>[]> {
  const text = await readFile(join(world.home, 'signing', 'signatures.jsonl'), 'utf8');
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

async function findSigner(): Promise<number> {
  const { stdout } = await runProgram(['pgrep', '-P', `${world.pid}`, '-f', ' signer$']);
  return Number(stdout.trim());
}

async function replaceSigning(lines: readonly string[]): Promise<void> {
  const text = await readFile(world.configFile, 'utf8');
  const rest = text.slice(0, text.indexOf('signing:'));
  await writeFile(world.configFile, `${rest}signing:\n${lines.join('\n')}\n`);
}

interface Client extends AsyncDisposable {
  /** Runs a command of a shell in the client; fails as it does. */
  run(command: string): Promise<string>;
  lines(command: string): Promise<readonly string[]>;
}

/** A machine with nothing but the `.repo` file that is served now. */
async function startClient(): Promise<Client> {
  const folder = join(directory, 'client');
  await mkdir(folder);
  const repo = await readFile(await download('rekmod-kmods.repo'));
  await writeFile(join(folder, 'rekmod-kmods.repo'), repo);
  const mount = ['--volume', `${folder}:/etc/yum.repos.d:ro`];
  const started = await runProgram([
    ...(['docker', 'run', '--detach', '--rm', '--network', 'host'] as const),
    ...[...mount, lab.image, 'sleep', '600'],
  ]);
  const id = started.stdout.trim();
  const run = async (command: string): Promise<string> =>
    (await runProgram(['docker', 'exec', id, 'bash', '-c', command])).stdout;
  return {
    run,
    lines: async (command) => (await run(command)).trim().split('\n').sort(),
    async [Symbol.asyncDispose]() {
      await runProgram(['docker', 'rm', '--force', id]);
    },
  };
}
