import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** A package as a client sees it in a repository. */
export interface SeenPackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
}

const REPOMD_PRIMARY =
  /<data type="primary">.*?<checksum type="sha256">(?<digest>[0-9a-f]{64})<.*?<location href="(?<href>[^"]+)"/s;
const PACKAGE =
  /<package type="rpm">.*?<name>(?<name>[^<]+)<.*?<arch>(?<arch>[^<]+)<.*?<version epoch="[^"]*" ver="(?<version>[^"]+)" rel="(?<release>[^"]+)"/gs;

/**
 * Reads what a repository lists, as a client does: `repomd.xml`, then the primary metadata that it names, whose
 * digest must be right. Reads with means of its own, none of rekmod's.
 *
 * @returns undefined if the repository is not there yet or nobody answers.
 * @throws {Error} If the repository is not whole.
 */
export async function readView(baseUrl: string): Promise<readonly SeenPackage[] | undefined> {
  for (let tries = 1; ; tries++) {
    const repomd = await get(`${baseUrl}/repodata/repomd.xml`);
    if (!repomd) return undefined;
    const { digest, href = '' } = REPOMD_PRIMARY.exec(repomd.toString('utf8'))?.groups ?? {};
    const primary = await get(`${baseUrl}/${href}`);
    const found = primary && createHash('sha256').update(primary).digest('hex');
    if (primary && found === digest) return parsePackages(gunzipSync(primary).toString('utf8'));
    // The server may have been ended between the two.
    if ((await get(`${baseUrl}/repodata/repomd.xml`)) === undefined) return undefined;
    if (tries === 3) {
      throw new Error(`${baseUrl} is not whole: ${href} has digest ${found ?? 'none'}`);
    }
  }
}

function parsePackages(xml: string): readonly SeenPackage[] {
  return [...xml.matchAll(PACKAGE)].map(({ groups = {} }) => {
    const { name = '', version = '', release = '', arch = '' } = groups;
    return { name, version, release, arch };
  });
}

async function get(url: string): Promise<Buffer | undefined> {
  try {
    const answer = await fetch(url, { headers: { connection: 'close' } });
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}
