import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import type { Recipe } from '../../model/reproduction.ts';
import { type ReproduceFacts, writeReproduceRecipe } from '../../report/reproduce-recipe.ts';
import { recipeToText, reproductionToText } from '../../report/reproduction-text.ts';
import { statementOf } from '../support/made-statement.ts';

const FACTS: ReproduceFacts = {
  ...{ kmod: 'jool', release: '6.1.0-54', spec: 'jool.spec', kernelDevel: 'kernel-devel.rpm' },
  defines: { kversion: '6.1.0-54' },
  buildrootId: 'sha256:8',
  image: { name: 'example.org/builder:9', id: 'sha256:a' },
  packages: ['gcc', 'rpm-build'],
  preparation: { spec: 'jool.spec', defines: { kversion: '6.1.0-54' } },
  ...{ network: 'bridge', hasStaging: false, scratchBytes: 1024.5, memoryBytes: 2048 },
};

/** What a shell makes of the text. */
function readByShell(text: string): readonly string[] {
  const show = `for name in prepare require build; do eval "$name() { printf '%s\\n' $name \\"\\$@\\"; }"; done
printf '%s\n' "$kmod" "$scratch" "$has_staging"; run_prepare; run_require; run_build`;
  return execFileSync('sh', ['-c', `${text}\n${show}`], { encoding: 'utf8' }).split('\n');
}

test('writeReproduceRecipe() gives a shell names and arguments', () => {
  assert.deepEqual(readByShell(writeReproduceRecipe(FACTS)), [
    ...['jool', '1024', ''],
    ...['prepare', 'gcc', 'rpm-build'],
    ...['require', 'jool.spec', 'kversion 6.1.0-54'],
    ...['build', 'kversion 6.1.0-54', ''],
  ]);
});

test('writeReproduceRecipe() quotes what a shell would run', () => {
  const evil = `a'; echo pwned; $(echo pwned) \`echo pwned\` "`;
  const facts = { ...FACTS, kmod: evil, defines: { x: evil }, packages: [evil] };

  const [kmod, , , , wanted, ...rest] = readByShell(writeReproduceRecipe(facts));

  assert.equal(kmod, evil);
  assert.equal(wanted, evil);
  assert.deepEqual(rest.slice(-3), ['build', `x ${evil}`, '']);
});

const FILE = { sha256: '1'.repeat(64), sizeBytes: 1 };
const RECIPE: Recipe = {
  ...{ kmod: 'jool', release: '6.1.0-54' },
  statement: statementOf({ name: 'kmod-jool-1-1.x86_64.rpm', sha256: FILE.sha256 }),
  packages: [{ fileName: 'kmod-jool-1-1.x86_64.rpm', ...FILE }],
  kernelDevel: {
    ...FILE,
    nevra: { name: 'kernel-devel', epoch: 0, version: '6.1.0', release: '54', arch: 'x86_64' },
  },
  given: [{ fileName: 'kmod-ec-devel.rpm', ...FILE }],
  buildroot: { id: 'sha256:8', digest: 'd' },
};

test('recipeToText() names what went in, and how to make it again', () => {
  const text = recipeToText(RECIPE);

  assert.match(text, /^jool for kernel 6\.1\.0-54 was made of$/m);
  assert.match(text, /^ {2}given +kmod-ec-devel\.rpm 1{64}$/m);
  assert.match(text, /^ {2}verdict +rebuild: it was never built$/m);
  assert.match(text, /add --run.*\n.*add --output/);
  assert.doesNotMatch(text, /^ {2}(?:image|given symbols) /m);
});

test('reproductionToText() says in its first words whether anything differs', () => {
  const same = {
    ...{ kmod: 'jool', kernel: '6.1.0-54', packages: ['kmod-jool.rpm'] },
    ...{ differences: [], remarks: ['made anew'] },
  };

  assert.equal(
    reproductionToText(same),
    'jool for kernel 6.1.0-54 is reproduced: nothing differs in\n  kmod-jool.rpm\nnote: made anew',
  );
  assert.equal(
    reproductionToText({ ...same, differences: ['jool.ko differs\u001b[2J'], remarks: [] }),
    'jool for kernel 6.1.0-54 is not reproduced; of\n  kmod-jool.rpm\ndiffers: jool.ko differs\\u{1b}[2J',
  );
});
