import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeKernel } from './corpus/kernels.ts';
import { endEarlier } from './end-earlier.ts';
import { chapter } from './narrate.ts';
import { cacheDirectory, type Lab, type LabKmod, readLab } from './read-lab.ts';
import { chooseStoryKernels } from './story/kernels.ts';
import {
  type Break,
  fail,
  type Stage,
  tellBreak,
  tellFirstKernel,
  tellHealing,
  tellVainAttempt,
} from './story/scenes.ts';
import { copyKmod, makeGitKmod } from './story/sources.ts';
import { removeWorld, World } from './world.ts';

// What happened to WireGuard on CentOS Stream in December 2020, with what is real today. A security update of the kernel in the
// same series breaks OpenRazer as Debian 12 has it; a newer source lands as a commit and does not help, the next one
// does. The next kernel breaks OpenVPN's
// module; its mended source lands, too. Machines must not take either kernel before the modules are there. Nobody says a word to
// rekmod: it notices kernels and sources by itself. Ends with 0 only if all of it happened.

const RAZER = 'openrazer-driver';
const OPENVPN = 'ovpn-dco';
const LASTING = 'acpi-call';

function requireKmod(lab: Lab, name: string): LabKmod {
  return lab.kmods.find((kmod) => kmod.name === name) ?? fail(`the lab has no ${name}`);
}

async function play(lab: Lab): Promise<void> {
  const { first, next, last } = await chooseStoryKernels(lab);
  for (const release of [first, next, last]) await makeKernel(release);
  const directory = join(cacheDirectory(), 'story');
  await endEarlier(join(directory, 'home'));
  await removeWorld(directory);
  await mkdir(directory, { recursive: true });
  const razer = await makeGitKmod(RAZER, directory);
  const openvpn = await copyKmod(requireKmod(lab, OPENVPN), directory);
  await using world = await World.create(lab, {
    ...{ directory, released: [first], gate: '{ grace: 0s }' },
    kmods: [openvpn.kmod, requireKmod(lab, LASTING)],
    moreKmods: { [RAZER]: `git: { url: '${razer.url}', branch: main }, required: true` },
    extra: 'sources: { poll: 5s }',
  });
  const stage: Stage = { world, kmods: [OPENVPN, LASTING, RAZER] };
  const breaks: readonly Break[] = [
    {
      stays: first,
      comes: next,
      breaking: razer,
      error: /hid_report_raw_event/,
      tooOld: 'stable',
      healedBy: 'unstable',
    },
    { stays: next, comes: last, breaking: openvpn, error: /NETIF_F_LLTX/, healedBy: 'stable' },
  ];
  await using client = await tellFirstKernel(stage, first);
  for (const one of breaks) {
    await tellBreak(stage, client, one);
    if (one.tooOld !== undefined) await tellVainAttempt(stage, one.tooOld, one);
    await tellHealing(stage, client, one);
  }
}

await play((await readLab()) ?? fail('the lab is not made: run lab/make-lab.sh'));
chapter(
  'The end: two kernels broke a module each, and no machine saw a kernel without its modules.',
);
