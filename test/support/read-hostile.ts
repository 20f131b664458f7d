import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readRepository } from '../../activities/repository-metadata.ts';
import { peakMegabytes } from '../../lab/bench/peak-memory.ts';

// Reads repositories that want to fill memory, in a process of its own: arguments are a scratch folder. Prints JSON:
// what was said of each, and the most memory that one of them took.

interface Hostile {
  readonly primary: Uint8Array | string;
  readonly format?: 'gz';
  readonly size?: number;
  readonly openSize?: number;
}

const HEAD =
  '<?xml version="1.0"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" packages="4000000">';
const MEGABYTE = 1024 * 1024;

function packageOf(index: number): string {
  const digest = createHash('sha256').update(`${index}`).digest('hex');
  return `<package type="rpm"><name>kernel-core</name><arch>x86_64</arch><version epoch="0" ver="1" rel="${index}"/>
<checksum type="sha256" pkgid="YES">${digest}</checksum><time file="1" build="1"/><size package="1"/><location href="k-${index}.rpm"/></package>`;
}

/** Members of gzip that are joined are one file: 40 MiB in 40 kB. */
function makeBomb(): Uint8Array {
  const piece = gzipSync('<package type="other"></package>'.repeat(MEGABYTE / 32));
  return Buffer.concat([gzipSync(HEAD), ...Array.from({ length: 40 }, () => piece)]);
}

const HOSTILE: Readonly<Record<string, () => Hostile>> = {
  'a bomb of gzip': () => ({ primary: makeBomb(), format: 'gz' }),
  'a bomb of gzip that says its size': () => ({
    primary: makeBomb(),
    format: 'gz',
    openSize: 1000,
  }),
  'kernels without number': () => ({
    primary: `${HEAD}${Array.from({ length: 20_002 }, (_, index) => packageOf(index)).join('')}`,
  }),
  'attributes without number': () => ({
    primary: `${HEAD}<package ${Array.from({ length: 1_200_000 }, (_, index) => `a${index}="" `).join('')}`,
  }),
  'a name without end': () => ({ primary: `${HEAD}<${'a'.repeat(9 * MEGABYTE)}` }),
  'a comment without end': () => ({ primary: `${HEAD}<!--${'-a'.repeat(4 * MEGABYTE)}` }),
  'a text without end': () => ({
    primary: `${HEAD}<package type="rpm"><name>${'a'.repeat(9 * MEGABYTE)}`,
  }),
  'levels without end': () => ({ primary: HEAD + '<a>'.repeat(MEGABYTE) }),
  'entities that multiply': () => ({
    primary: `<!DOCTYPE a [<!ENTITY b "${'c'.repeat(9)}"><!ENTITY d "${'&b;'.repeat(9)}">]>${HEAD}&d;`,
  }),
  'a size of a petabyte': () => ({ primary: HEAD, size: 1024 ** 5 }),
  'more packages than announced': () => ({
    primary: HEAD.replace('4000000', '1') + '<package type="other"/>'.repeat(9),
  }),
};

const [scratch = ''] = process.argv.slice(2);
const said: Record<string, string> = {};
let grownMegabytes = 0;
for (const [index, [name, make]] of Object.entries(HOSTILE).entries()) {
  const directory = join(scratch, `${index}`);
  await lay(directory, make());
  // From here on, the most memory is counted anew; see proc_pid_clear_refs(5).
  await writeFile('/proc/self/clear_refs', '5');
  const before = peakMegabytes();
  said[name] = await readRepository({
    baseUrl: pathToFileURL(directory).href,
    trust: { gpgKeys: [], repoGpgCheck: false, gpgCheck: false },
    validators: {},
    isWanted: (found) => found === 'kernel-core',
    scratch,
    signal: new AbortController().signal,
  }).then(
    () => 'it was read',
    (error: unknown) => String(error),
  );
  grownMegabytes = Math.max(grownMegabytes, peakMegabytes() - before);
}
console.log(JSON.stringify({ said, grownMegabytes }));

async function lay(directory: string, hostile: Hostile): Promise<void> {
  const { primary, format, size = primary.length, openSize } = hostile;
  await mkdir(join(directory, 'repodata'), { recursive: true });
  const name = `repodata/primary.xml${format ? `.${format}` : ''}`;
  const digest = createHash('sha256').update(primary).digest('hex');
  await writeFile(join(directory, name), primary);
  await writeFile(
    join(directory, 'repodata', 'repomd.xml'),
    `<repomd><revision>1</revision><data type="primary"><checksum type="sha256">${digest}</checksum>
<location href="${name}"/><size>${size}</size>${openSize ? `<open-size>${openSize}</open-size>` : ''}</data></repomd>`,
  );
}
