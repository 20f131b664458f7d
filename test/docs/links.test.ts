import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

async function listPages(): Promise<readonly string[]> {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const { stdout } = await promisify(execFile)('git', list, { cwd: ROOT });
  return stdout.split('\n').filter((name) => name !== '' && existsSync(join(ROOT, name)));
}

/** Without blocks of code, whose brackets are no links. */
function withoutCode(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```/gm, '').replace(/`[^`\n]*`/g, '');
}

/** As forges make anchors of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Links to other pages of the repository, e.g. `../signing.md#keys`. */
async function listLinks(page: string): Promise<readonly string[]> {
  const text = withoutCode(await readFile(join(ROOT, page), 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

async function leadsSomewhere(page: string, target: string): Promise<boolean> {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (!existsSync(file)) return false;
  if (anchor === undefined || statSync(file).isDirectory()) return true;
  return anchorsOf(await readFile(file, 'utf8')).has(anchor);
}

test('every link from one page of this repository to another leads somewhere', async () => {
  const broken: string[] = [];
  let linkCount = 0;
  for (const page of await listPages()) {
    for (const target of await listLinks(page)) {
      linkCount += 1;
      if (!(await leadsSomewhere(page, target))) broken.push(`${page}: ${target}`);
    }
  }
  assert.ok(linkCount > 50);
  assert.deepEqual(broken, []);
});
