import { escapeXml } from './package-entry.ts';
import type { RepomdFile } from './repomd.ts';

/**
 * Writes `repomd.xml`.
 *
 * @param revision A time or a number.
 * @param timestampSeconds Of every file, in seconds since 1970.
 * @see createrepo_c src/xml_dump_repomd.c
 */
export function writeRepomd(
  files: readonly RepomdFile[],
  { revision, timestampSeconds }: { readonly revision: string; readonly timestampSeconds: number },
): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">',
    `  <revision>${escapeXml(revision)}</revision>`,
    ...files.flatMap((file) => writeData(file, timestampSeconds)),
    '</repomd>',
    '',
  ].join('\n');
}

function writeData(file: RepomdFile, timestampSeconds: number): readonly string[] {
  const { type, location, checksum, openChecksum, sizeBytes, openSizeBytes } = file;
  const optional = (name: string, value: number | undefined): readonly string[] =>
    value === undefined ? [] : [`    <${name}>${value}</${name}>`];
  return [
    `  <data type="${escapeXml(type)}">`,
    `    <checksum type="${escapeXml(checksum.type)}">${escapeXml(checksum.value)}</checksum>`,
    ...(openChecksum === undefined
      ? []
      : [
          `    <open-checksum type="${escapeXml(openChecksum.type)}">${escapeXml(openChecksum.value)}</open-checksum>`,
        ]),
    `    <location href="${escapeXml(location)}"/>`,
    `    <timestamp>${timestampSeconds}</timestamp>`,
    ...optional('size', sizeBytes),
    ...optional('open-size', openSizeBytes),
    '  </data>',
  ];
}
