import assert from 'node:assert/strict';
import test from 'node:test';
import { noteCompilers, requireCompiler } from '../../activities/heed-compilers.ts';
import { CompilerMismatchError } from '../../model/toolchain-errors.ts';
import { TARGET } from '../containers/backend-rig.ts';

const OTHER = {
  kernelConfig: ['CONFIG_GCC_VERSION=110500'],
  compilers: ['gcc (SUSE Linux) 13.3.0'],
};

test('noteCompilers() says a mismatch in the log, and nothing when none is known', () => {
  const said: string[] = [];
  const onLog = (chunk: Uint8Array): void => void said.push(Buffer.from(chunk).toString());

  const match = noteCompilers({ toolchain: OTHER }, onLog);
  const none = noteCompilers({}, onLog);

  assert.deepEqual([match.kind, none.kind], ['version', 'unknown']);
  assert.deepEqual(said, [
    'rekmod: the kernel was built by gcc 11.5.0, the buildroot has gcc 13.3.0\n',
  ]);
});

test('requireCompiler() refuses another major version only where the target says so', () => {
  const names = { kernelCompiler: 'gcc 11.5.0', compiler: 'gcc 13.3.0' };
  const strict = { ...TARGET, compilerMismatch: 'fail' } as const;

  requireCompiler({ kind: 'version', ...names }, TARGET);
  requireCompiler({ kind: 'revision', ...names }, strict);
  requireCompiler({ kind: 'unknown' }, strict);
  for (const kind of ['version', 'other'] as const) {
    assert.throws(
      () => requireCompiler({ kind, ...names }, strict),
      (error) => {
        assert.ok(error instanceof CompilerMismatchError);
        assert.equal(error.failureClass, 'configuration');
        assert.match(
          error.message,
          /expected gcc 11\.5\.0, which built the kernel, found gcc 13\.3\.0/,
        );
        return true;
      },
    );
  }
});
