import { type Lab, type LabKmod, readLab } from '../../lab/read-lab.ts';

/** The lab, for a test that cannot be without; `scripts/e2e.sh` makes it. */
export async function requireLab(): Promise<Lab> {
  const lab = await readLab();
  if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
  return lab;
}

/** Kmods of the lab by name. */
export function takeKmods(lab: Lab, ...names: readonly string[]): readonly LabKmod[] {
  return names.map((name) => {
    const kmod = lab.kmods.find((candidate) => candidate.name === name);
    if (!kmod) throw new Error(`the lab has no kmod ${name}`);
    return kmod;
  });
}

/** The release of a kernel of the lab by its role. */
export function releaseOf(lab: Lab, role: 'first' | 'changed' | 'same'): string {
  const kernel = lab.kernels.find((candidate) => candidate.role === role);
  if (!kernel) throw new Error(`the lab has no kernel ${role}`);
  return kernel.release;
}
