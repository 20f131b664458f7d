import { type ContractRig, testBackendContract } from './backend-contract.ts';
import { KERNEL } from './backend-rig.ts';
import { answerPreparation, answerSrpm, lockOf, rememberRoot, startMockRig } from './mock-rig.ts';

const CODES = { exit: 1, timeout: 11, 'out-of-memory': 247 } as const;

async function start(): Promise<ContractRig> {
  const rig = await startMockRig();
  return {
    ...rig,
    async finishPreparation(end, words = '') {
      if (end === 'ok') {
        await answerPreparation(rig);
        return;
      }
      const call = await rig.nextCall();
      await call.log('root.log', `DEBUG util.py:444:  ${words}\n`);
      call.exit(30);
      (await rig.nextCall()).exit(0);
    },
    prepared: () => rememberRoot(rig),
    async nextBuild() {
      const call = await answerSrpm(rig);
      await call.log('state.log', 'Start: rpmbuild a-1-1.src.rpm\n');
      return {
        say: (text) => call.log('build.log', text),
        async succeed(files) {
          for (const [name, content] of Object.entries(files)) await call.put(name, content);
          await call.put('buildroot_lock.json', lockOf(KERNEL.develNevra.release));
          await call.succeed();
        },
        async end(how) {
          await call.log('state.log', 'Finish: rpmbuild a-1-1.src.rpm\n');
          call.exit(CODES[how]);
        },
        async gone() {
          await call.ended();
          (await rig.nextCall()).exit(0);
        },
      };
    },
    startCount: rig.callCount,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

testBackendContract('mock', start);
