import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';

/** What signs: a GnuPG home with one secret key, and at what time it believes to be. */
export interface Signer {
  readonly gnupgHome: string;
  /** As `20261120T120000`; now when absent. */
  readonly fakedTime?: string;
}

/** What somebody did to a repository. */
export interface Tampering {
  /** Ends "a repository …" in a sentence. */
  readonly what: string;
  /** The repository's own key cannot help against this one, whose repository it is. */
  readonly isOwnKey?: true;
  apply(tools: TamperingTools): Promise<void>;
}

export interface TamperingTools {
  /** A copy of the published repository. */
  readonly repository: string;
  /** File name of the package that clients will ask for. */
  readonly fileName: string;
  /** The repository's own. */
  readonly own: Signer;
  readonly foreign: Signer;
  readonly expired: Signer;
}

/** What clients must not fall for. Those that make metadata anew sign them with the repository's own key. */
export const TAMPERINGS = {
  'changed package': {
    what: 'with a changed package',
    apply: ({ repository, fileName }) => flipByte(join(repository, 'Packages', fileName)),
  },
  'changed package that the metadata lists': {
    what: 'with a changed package that its signed metadata list',
    async apply({ repository, fileName, own }) {
      await flipByte(join(repository, 'Packages', fileName));
      await makeMetadata(repository, own);
    },
  },
  'changed repomd.xml': {
    what: 'with a changed repomd.xml',
    async apply({ repository }) {
      const path = join(repository, 'repodata', 'repomd.xml');
      await writeFile(path, (await readFile(path, 'utf8')).replace('<revision>', '<revision>1'));
    },
  },
  'changed primary.xml': {
    what: 'with a changed primary.xml',
    async apply({ repository }) {
      const folder = join(repository, 'repodata');
      const primary = (await readdir(folder)).filter((name) => name.includes('-primary.xml'));
      for (const name of primary) await flipByte(join(folder, name));
    },
  },
  'no signature of repomd.xml': {
    what: 'without a signature of repomd.xml',
    apply: ({ repository }) => rm(join(repository, 'repodata', 'repomd.xml.asc')),
  },
  'repomd.xml signed by a foreign key': {
    what: 'whose repomd.xml is signed by a foreign key',
    apply: ({ repository, foreign }) => signMetadata(repository, foreign),
  },
  'unsigned package': {
    what: 'with an unsigned package that its signed metadata list',
    async apply({ repository, fileName, own }) {
      await runProgram(['rpmsign', '--delsign', join(repository, 'Packages', fileName)]);
      await makeMetadata(repository, own);
    },
  },
  'package signed by a foreign key': {
    what: 'with a package signed by a foreign key that its signed metadata list',
    async apply({ repository, fileName, own, foreign }) {
      await signPackage(join(repository, 'Packages', fileName), foreign);
      await makeMetadata(repository, own);
    },
  },
  'expired key': {
    what: 'that is signed by a key that has expired, which it offers',
    isOwnKey: true,
    async apply({ repository, fileName, expired }) {
      await signPackage(join(repository, 'Packages', fileName), expired);
      await makeMetadata(repository, expired);
      const { gnupgHome } = expired;
      const { stdout } = await runProgram(['gpg', '--homedir', gnupgHome, '--armor', '--export']);
      await writeFile(join(repository, 'RPM-GPG-KEY-rekmod'), stdout);
      await writeFile(join(repository, 'repodata', 'repomd.xml.key'), stdout);
    },
  },
} as const satisfies Readonly<Record<string, Tampering>>;

/** See {@link TAMPERINGS}. */
export type TamperingName = keyof typeof TAMPERINGS;

/** Copies a repository and does to the copy what the name says. */
export async function tamper(
  name: TamperingName,
  published: string,
  tools: TamperingTools,
): Promise<void> {
  await cp(published, tools.repository, { recursive: true, dereference: true });
  await TAMPERINGS[name].apply(tools);
}

/** Makes a key that was valid for a day, a year ago, and a time at which it was. */
export async function makeExpiredSigner(gnupgHome: string, now: Date): Promise<Signer> {
  const at = (hours: number): string =>
    new Date(now.getTime() - (365 * 24 - hours) * 3_600_000)
      .toISOString()
      .replace(/[-:]|\.\d+Z$/g, '');
  await makeKey(gnupgHome, 'Of Old', ['--faked-system-time', at(0)], '1d');
  return { gnupgHome, fakedTime: at(12) };
}

/** Makes a key of somebody else. */
export async function makeForeignSigner(gnupgHome: string): Promise<Signer> {
  await makeKey(gnupgHome, 'Mallory', [], 'never');
  return { gnupgHome };
}

async function makeKey(
  home: string,
  name: string,
  options: readonly string[],
  expires: string,
): Promise<void> {
  await runProgram(['mkdir', '--parents', '--mode=700', home]);
  const quiet = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', ''];
  const key = ['--quick-generate-key', name, 'rsa3072', 'sign', expires];
  await runProgram(['gpg', '--homedir', home, ...options, ...quiet, ...key]);
}

/** Near the end, where a package has its payload, and behind the header of what is compressed. */
async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length - Math.min(2000, Math.floor(bytes.length / 2));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  // A new file: what was copied may share its bytes with what is published.
  await rm(path);
  await writeFile(path, bytes);
}

async function makeMetadata(repository: string, signer: Signer): Promise<void> {
  await runProgram(['createrepo_c', '--quiet', '--no-database', repository]);
  await signMetadata(repository, signer);
}

async function signMetadata(repository: string, { gnupgHome, fakedTime }: Signer): Promise<void> {
  const repomd = join(repository, 'repodata', 'repomd.xml');
  const time = fakedTime === undefined ? [] : ['--faked-system-time', fakedTime];
  const sign = ['--yes', '--armor', '--output', `${repomd}.asc`, '--detach-sign', repomd];
  await runProgram(['gpg', '--homedir', gnupgHome, '--batch', ...time, ...sign]);
}

async function signPackage(path: string, { gnupgHome, fakedTime }: Signer): Promise<void> {
  const list = ['gpg', '--homedir', gnupgHome, '--with-colons', '--list-secret-keys'] as const;
  const { stdout } = await runProgram([...list]);
  const macros = {
    __gpg: '/usr/bin/gpg',
    _gpg_path: gnupgHome,
    _gpg_name: /^fpr:+([0-9A-F]+):$/m.exec(stdout)?.[1] ?? '',
    _gpg_digest_algo: 'sha256',
    ...(fakedTime === undefined
      ? {}
      : { _gpg_sign_cmd_extra_args: `--faked-system-time ${fakedTime}` }),
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => [
    '--define',
    `${name} ${value}`,
  ]);
  await runProgram(['rpmsign', ...defines, '--addsign', path]);
}
