import { chooseIsolation } from '../containers/mock/choose-isolation.ts';
import { findMock, type MockEnvironment, type MockProgram } from '../containers/mock/find-mock.ts';
import { readStockRoot } from '../containers/mock/stock-root.ts';
import { MockRootMissingError } from '../model/mock-errors.ts';
import type { MockTarget, Settings } from '../model/settings.ts';
import type { Check } from './check.ts';

/** Looks at mock and at the root of each target that streams use; nothing if none wants mock. */
export async function checkMock(
  settings: Settings,
  environment: MockEnvironment,
): Promise<readonly Check[]> {
  const used = new Set(settings.streams.map((stream) => stream.target));
  const targets = settings.targets.filter(
    (target): target is MockTarget => target.backend === 'mock' && used.has(target.name),
  );
  if (targets.length === 0) return [];
  const search = await findMock(environment);
  if (search.kind === 'unusable') {
    const { problem: found, remedy } = search;
    return [{ name: 'mock', isGood: false, found, remedy }];
  }
  const { path, version, account } = search.program;
  const mock = {
    name: 'mock',
    isGood: true,
    found: `${version} at ${path}, as user ${account.uid}`,
  };
  return [mock, ...(await Promise.all(targets.map((target) => checkRoot(search.program, target))))];
}

async function checkRoot(program: MockProgram, target: MockTarget): Promise<Check> {
  const name = `root of target ${target.name}`;
  try {
    const { file } = await readStockRoot(program.configDirectory, target);
    const isolation = chooseIsolation(target.isolation, program.isolation);
    if (isolation.kind !== 'unusable') {
      return { name, isGood: true, found: `${file}, isolation ${isolation.kind}` };
    }
    return { name, isGood: false, found: isolation.problem, remedy: isolation.remedy };
  } catch (error) {
    if (!(error instanceof MockRootMissingError)) throw error;
    const found = `mock has no configuration "${target.root}"`;
    return { name, isGood: false, found, remedy: 'see "mock --list-chroots"; change "root"' };
  }
}
