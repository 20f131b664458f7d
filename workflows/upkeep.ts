import { isCancellation, setCurrentDetails } from '@temporalio/workflow';
import { buildQueue } from '../model/task-queues.ts';
import type { UpkeepPart, UpkeepReport, UpkeepSubject } from '../model/upkeep.ts';
import type { UpkeepInput } from '../model/workflow-messages.ts';
import { upkeepToText } from '../report/upkeep-text.ts';
import { builderUpkeep, signUpkeep, upkeepControl } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';

/**
 * Removes what nobody needs any more: records, files, buildroots, what ended builds left. A part that cannot
 * be done, such as the signer's while it is away, is told and holds up no other.
 */
export async function upkeep({ archs, isDryRun = false }: UpkeepInput): Promise<UpkeepReport> {
  const parts: UpkeepPart[] = [];
  const request = { isDryRun };
  async function add(part: UpkeepSubject, work: () => Promise<UpkeepPart>): Promise<void> {
    parts.push(await work().catch((error: unknown) => toProblem(part, error)));
    setCurrentDetails(upkeepToText({ parts, isDryRun }));
  }

  await add('records', () =>
    upkeepControl.tidyRecords.executeWithOptions(
      { summary: 'Forget kernels that nobody has any more' },
      [request],
    ),
  );
  await add('store', () =>
    upkeepControl.tidyStore.executeWithOptions(
      { summary: 'Remove stored files that nothing refers to' },
      [request],
    ),
  );
  for (const arch of archs) {
    await add('builders', () =>
      builderUpkeep.tidyBuilders.executeWithOptions(
        { summary: 'Remove what ended builds left', taskQueue: buildQueue(arch) },
        [request],
      ),
    );
  }
  await add('signer', async () => {
    const { digests } = await upkeepControl.listSigned.executeWithOptions(
      { summary: 'List what rebuilds wait for' },
      [],
    );
    return await signUpkeep.tidySigned.executeWithOptions(
      { summary: 'Remove signed files that nobody waits for' },
      [{ digests, isDryRun }],
    );
  });
  return await upkeepControl.recordUpkeep.executeWithOptions({ summary: 'Record the upkeep' }, [
    { parts, isDryRun },
  ]);
}

function toProblem(part: UpkeepSubject, error: unknown): UpkeepPart {
  if (isCancellation(error)) throw error;
  return { part, removed: [], problems: [describeFailure(error)] };
}
