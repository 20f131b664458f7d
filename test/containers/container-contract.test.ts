import { type ContractRig, testBackendContract } from './backend-contract.ts';
import { finishPreparation, makeTar, startBackendRig } from './backend-rig.ts';
import type { FakeRun } from './fake-engine.ts';

const EXITS = {
  exit: { exitCode: 1 },
  timeout: { exitCode: 143, isTimedOut: true },
  'out-of-memory': { exitCode: 137, isOutOfMemory: true },
} as const;

async function start(): Promise<ContractRig> {
  const rig = await startBackendRig();
  const { engine } = rig;
  return {
    ...rig,
    async finishPreparation(end, words = '') {
      if (end === 'ok') {
        await finishPreparation(engine);
        return;
      }
      const run = await engine.nextRun();
      await run.stderr(`${words}\n`);
      run.exit({ exitCode: 1 });
    },
    prepared: async () => rig.buildRequest().buildroot,
    async nextBuild() {
      const run: FakeRun = await engine.nextRun();
      return {
        say: (text) => run.stderr(text),
        async succeed(files) {
          const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
          await run.stdout(await makeTar(...entries));
          run.exit();
        },
        end: async (how) => run.exit(EXITS[how]),
        gone: () =>
          run.ended.then(
            () => undefined,
            () => undefined,
          ),
      };
    },
    startCount: () => engine.runCount,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

testBackendContract('container', start);
