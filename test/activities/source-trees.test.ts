import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import test from 'node:test';
import { type Pack, pack } from 'tar-stream';
import { openDebPackage } from '../../activities/sources/deb-tree.ts';
import { openDirectoryTree } from '../../activities/sources/directory-tree.ts';
import { openArchive } from '../../activities/sources/open-archive.ts';
import { readTree } from '../../activities/sources/read-tree.ts';
import { openTarTree } from '../../activities/sources/tar-tree.ts';
import type { Tree } from '../../activities/sources/tree.ts';
import { RekmodError } from '../../model/errors.ts';
import { ArchiveParseError } from '../../model/parse-errors.ts';
import { hostileVariants } from '../kabi/hostile.ts';
import { makeScratch } from '../support/scratch.ts';

const signal = new AbortController().signal;

async function makeTar(
  entries: readonly (readonly [Parameters<Pack['entry']>[0], string])[],
): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries)
    archive.entry({ mtime: new Date(0), ...header }, content);
  archive.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of archive) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}

function tarTree(bytes: Uint8Array): Tree {
  return openTarTree('x.tar', () => Readable.from([bytes]));
}

async function listPaths(tree: Tree): Promise<readonly string[]> {
  const { entries } = await readTree(tree, () => false, signal);
  return entries.map(({ path, kind, isProgram, linkTo }) =>
    [path, kind, isProgram ? 'x' : '-', linkTo].join(' ').trim(),
  );
}

const ENTRIES = [
  [{ name: './usr/', type: 'directory' }, ''],
  [{ name: './usr/a', mode: 0o644 }, 'hello'],
  [{ name: 'usr//b', mode: 0o755 }, ''],
  [{ name: '/usr/c', type: 'symlink', linkname: '../../etc/passwd' }, ''],
  [{ name: 'usr/d', type: 'link', linkname: './usr/a' }, ''],
  [{ name: 'usr/e', type: 'fifo' }, ''],
  [{ name: `usr/${'long'.repeat(60)}`, mode: 0o644 }, 'x'],
] as const;

test('openTarTree() gives files, links and directories by relative paths', async () => {
  const tree = tarTree(await makeTar(ENTRIES));

  assert.deepEqual(await listPaths(tree), [
    'usr directory -',
    'usr/a file -',
    'usr/b file x',
    'usr/c symlink - ../../etc/passwd',
    'usr/d hardlink - usr/a',
    `usr/${'long'.repeat(60)} file -`,
  ]);
  assert.equal((await listPaths(tree)).length, 6, 'it can be read again');
});

for (const name of ['../x', 'a/../../x', 'a\u0007b', `${'x/'.repeat(2500)}y`]) {
  test(`openTarTree() refuses the path ${JSON.stringify(name.slice(0, 20))}`, async () => {
    const tree = tarTree(await makeTar([[{ name }, 'x']]));

    await assert.rejects(listPaths(tree), (error) => {
      assert.ok(error instanceof ArchiveParseError);
      assert.match(
        error.message,
        /^Cannot read tar archive: expected a path inside of the archive/,
      );
      return true;
    });
  });
}

test('openTarTree() refuses a file that says to be larger than sources are', async () => {
  const bytes = await makeTar([[{ name: 'a', mode: 0o644 }, 'hello']]);
  // The size in octal, and the checksum over the header, in which its own field counts as blanks.
  bytes.write('77777777777 ', 124, 'latin1');
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');

  await assert.rejects(
    listPaths(tarTree(bytes)),
    /expected at most 1073741824 bytes a file, found "a"/,
  );
});

test('openTarTree() hands out what its visitor throws', async () => {
  const tree = tarTree(await makeTar(ENTRIES));

  await assert.rejects(
    tree.walk(async () => {
      throw new RangeError('mine');
    }, signal),
    /^RangeError: mine$/,
  );
});

test('openTarTree() lets its visitor leave files unread', async () => {
  const big = 'x'.repeat(300_000);
  const tree = tarTree(
    await makeTar([
      [{ name: 'a', mode: 0o644 }, big],
      [{ name: 'b', mode: 0o644 }, big],
    ]),
  );
  const paths: string[] = [];

  await tree.walk(async ({ path }) => {
    paths.push(path);
  }, signal);

  assert.deepEqual(paths, ['a', 'b']);
});

test('openTarTree() reads or throws its own error, whatever comes', async () => {
  const bytes = await makeTar(ENTRIES);
  for (const variant of hostileVariants(bytes, { flipCount: 150, prefixStep: 97 })) {
    await listPaths(tarTree(variant)).catch((error: unknown) => {
      assert.ok(error instanceof RekmodError, error instanceof Error ? error.stack : String(error));
    });
  }
});

test('openDirectoryTree() gives a tree in order, without what version control keeps', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('b', '.git'), { recursive: true });
  await mkdir(scratch.at('.svn'));
  await writeFile(scratch.at('b', '.git', 'config'), '');
  await writeFile(scratch.at('b', 'run'), '', { mode: 0o755 });
  await writeFile(scratch.at('a'), '');
  await symlink('/etc/passwd', scratch.at('c'));

  assert.deepEqual(await listPaths(openDirectoryTree(scratch.path)), [
    'a file -',
    'b directory -',
    'b/run file x',
    'c symlink - /etc/passwd',
  ]);
});

/** @see deb(5) */
function makeDeb(members: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const pieces = members.flatMap(([name, content]) => {
    const fields = [
      name.padEnd(16),
      '0'.padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
    ];
    const head = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`;
    return [Buffer.from(head), content, Buffer.from(content.length % 2 === 1 ? '\n' : '')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...pieces]);
}

test('openDebPackage() parts what is installed from what the package says of itself', async () => {
  await using scratch = await makeScratch();
  const data = await makeTar([[{ name: './usr/a', mode: 0o644 }, 'hello']]);
  const control = await makeTar([[{ name: './control', mode: 0o644 }, 'Package: x\n']]);
  const deb = scratch.at('x.deb');
  await writeFile(
    deb,
    makeDeb([
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar/', control],
      ['data.tar', data],
    ]),
  );

  const found = await openDebPackage(deb);

  assert.deepEqual(await listPaths(found.files), ['usr/a file -']);
  assert.deepEqual(await listPaths(found.control), ['control file -']);
  assert.equal((await openArchive(deb)).kind, 'deb');
});

for (const [why, bytes, message] of [
  ['no ar at all', Buffer.from('hello world'), /expected the magic of ar, found none$/],
  [
    'no files',
    makeDeb([['debian-binary', Buffer.from('2.0\n')]]),
    /expected data\.tar, found "debian-binary"$/,
  ],
  [
    'a member that is cut',
    makeDeb([['data.tar', Buffer.alloc(512)]]).subarray(0, 300),
    /expected a member within 300 bytes at 8$/,
  ],
] as const) {
  test(`openDebPackage() refuses a package with ${why}`, async () => {
    await using scratch = await makeScratch();
    await writeFile(scratch.at('x.deb'), bytes);

    await assert.rejects(openDebPackage(scratch.at('x.deb')), (error) => {
      assert.ok(error instanceof ArchiveParseError);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('readTree() refuses one path twice, and a text that is too large', async () => {
  const twice = tarTree(
    await makeTar([
      [{ name: 'a', mode: 0o644 }, 'x'],
      [{ name: './a', mode: 0o644 }, 'y'],
    ]),
  );
  const large = tarTree(
    await makeTar([[{ name: 'a.spec', mode: 0o644 }, 'x'.repeat(4 * 1024 * 1024 + 1)]]),
  );

  await assert.rejects(listPaths(twice), /expected one "a", found two$/);
  await assert.rejects(
    readTree(large, () => true, signal),
    /expected "a\.spec" of at most 4194304 bytes, found 4194305$/,
  );
});
