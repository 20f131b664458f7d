import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** How large a made repository is. */
export interface RepositorySize {
  readonly packageCount: number;
  /** `rpm:entry` elements of one package's requires and provides. */
  readonly entryCount: number;
}

/** What was made. */
export interface MadeRepository {
  readonly directory: string;
  /** Of `primary.xml`, unpacked. */
  readonly primaryBytes: number;
  readonly elementCount: number;
}

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"';
/** Elements of a package besides its entries. */
const ELEMENTS_A_PACKAGE = 19;

/**
 * Makes a repository's metadata without the packages: as large as those of a distribution, in the
 * form that createrepo_c writes, with three kernels among the packages. Made once for a size.
 */
export async function makeRepository(
  parent: string,
  { packageCount, entryCount }: RepositorySize,
): Promise<MadeRepository> {
  const directory = join(parent, `repository-${packageCount}-${entryCount}`);
  const primary = Buffer.from(writePrimary(packageCount, entryCount));
  const made = {
    directory,
    primaryBytes: primary.length,
    elementCount: packageCount * (ELEMENTS_A_PACKAGE + entryCount) + 1,
  };
  if (await isThere(directory)) return made;
  const making = `${directory}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(join(making, 'repodata'), { recursive: true });
  const records = [await writeMetadata(making, 'primary', primary)];
  for (const type of ['filelists', 'other'] as const) {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<${type === 'other' ? 'otherdata' : type} xmlns="http://linux.duke.edu/metadata/${type}" packages="0"/>\n`;
    records.push(await writeMetadata(making, type, Buffer.from(text)));
  }
  const repomd = `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">\n<revision>1</revision>\n${records.join('')}</repomd>\n`;
  await writeFile(join(making, 'repodata', 'repomd.xml'), repomd);
  await rename(making, directory);
  return made;
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function writeMetadata(directory: string, type: string, open: Buffer): Promise<string> {
  const packed = gzipSync(open);
  const location = `repodata/${sha256(packed)}-${type}.xml.gz`;
  await writeFile(join(directory, location), packed);
  return `<data type="${type}"><checksum type="sha256">${sha256(packed)}</checksum><open-checksum type="sha256">${sha256(open)}</open-checksum><location href="${location}"/><timestamp>1700000000</timestamp><size>${packed.length}</size><open-size>${open.length}</open-size></data>\n`;
}

function writePrimary(packageCount: number, entryCount: number): string {
  const packages = Array.from({ length: packageCount }, (_, index) => {
    const kernel = packageCount - index <= 6 ? packageCount - index : undefined;
    return writePackage(index, { entryCount, ...(kernel === undefined ? {} : { kernel }) });
  });
  return `${HEAD} packages="${packageCount}">\n${packages.join('')}</metadata>\n`;
}

function writePackage(
  index: number,
  { entryCount, kernel }: { readonly entryCount: number; readonly kernel?: number },
): string {
  const name =
    kernel === undefined ? `package-${index}` : kernel % 2 ? 'kernel-core' : 'kernel-devel';
  const release = kernel === undefined ? '1.el9' : `${600 + Math.ceil(kernel / 2)}.el9`;
  const checksum = sha256(Buffer.from(`${index}`));
  const provided = entriesOf(2 * index, Math.floor(entryCount / 2));
  const required = entriesOf(2 * index + 1, Math.ceil(entryCount / 2));
  return `<package type="rpm">
  <name>${name}</name>
  <arch>x86_64</arch>
  <version epoch="0" ver="5.14.0" rel="${release}"/>
  <checksum type="sha256" pkgid="YES">${checksum}</checksum>
  <summary>One package of many &amp; its summary</summary>
  <description>What the package does, in two lines
as people write them.</description>
  <packager>Builders &lt;builders@example.org&gt;</packager>
  <url>https://example.org/${name}</url>
  <time file="1700000000" build="1700000000"/>
  <size package="123456" installed="654321" archive="655000"/>
  <location href="Packages/${name}-5.14.0-${release}.x86_64.rpm"/>
  <format>
    <rpm:license>GPLv2</rpm:license>
    <rpm:vendor>Example</rpm:vendor>
    <rpm:group>Unspecified</rpm:group>
    <rpm:buildhost>builder.example.org</rpm:buildhost>
    <rpm:sourcerpm>${name}-5.14.0-${release}.src.rpm</rpm:sourcerpm>
    <rpm:header-range start="4504" end="9000"/>
    <rpm:provides>
${provided}    </rpm:provides>
    <rpm:requires>
${required}    </rpm:requires>
  </format>
</package>
`;
}

/** Symbols with CRCs, of which kernels and kmods have tens of thousands. */
function entriesOf(index: number, count: number): string {
  let text = '';
  for (let number = 0; number < count; number += 1) {
    // Names that only differ in their ends would be hard for the hash tables of libsolv.
    const symbol = scatter(index * count + number, 0x85ebca6b).toString(36);
    const crc = scatter(index * count + number, 0x9e3779b1)
      .toString(16)
      .padStart(8, '0');
    text += `      <rpm:entry name="kernel(${symbol}_sym)" flags="EQ" epoch="0" ver="0x${crc}"/>\n`;
  }
  return text;
}

/** A number of 32 bits for each number, as if by chance. */
function scatter(number: number, factor: number): number {
  const mixed = Math.imul(number + 1, factor) >>> 0;
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
