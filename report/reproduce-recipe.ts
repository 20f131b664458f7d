/** What is made again; paths are those of the folder that it lies in. */
export interface ReproduceFacts {
  readonly kmod: string;
  readonly release: string;
  /** Name of the spec in `input/`. */
  readonly spec: string;
  readonly defines: Readonly<Record<string, string>>;
  /** Of the build's buildroot, an image id. */
  readonly buildrootId: string;
  /** What the buildroot was made from. */
  readonly image: { readonly name: string; readonly id: string };
  /** What a buildroot gets besides kernel-devel. */
  readonly packages: readonly string[];
  /** What dnf is asked for the spec's requirements with; a spec in `prepare/`. */
  readonly preparation: {
    readonly spec: string;
    readonly defines: Readonly<Record<string, string>>;
  };
  readonly network: string;
  /** Path of the kernel-devel RPM. */
  readonly kernelDevel: string;
  /** Whether `staging/` holds packages of other kmods. */
  readonly hasStaging: boolean;
  /** Size of the build's file system, in memory. */
  readonly scratchBytes: number;
  readonly memoryBytes: number;
}

/**
 * Writes what `containers/scripts/reproduce.sh` is to make again, as shell that it reads.
 *
 * @returns Assignments and three functions. What they name is quoted: specs and inventories may hold anything.
 */
export function writeReproduceRecipe(facts: ReproduceFacts): string {
  const { kmod, release, spec, defines, buildrootId, image, preparation } = facts;
  const values = {
    ...{ kmod, release, spec, buildroot: buildrootId, image: image.id, image_name: image.name },
    kernel_devel: facts.kernelDevel,
    network: facts.network,
    scratch: `${Math.floor(facts.scratchBytes)}`,
    memory: `${Math.floor(facts.memoryBytes)}`,
    has_staging: facts.hasStaging ? 'yes' : '',
  };
  const required = [preparation.spec, ...listDefines(preparation.defines)];
  return [
    `# What "sh reproduce.sh" makes again.`,
    ...Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`),
    `run_prepare() { prepare ${facts.packages.map(quote).join(' ')}; }`,
    `run_require() { require ${required.map(quote).join(' ')}; }`,
    `run_build() { build ${listDefines(defines).map(quote).join(' ')}; }`,
    '',
  ].join('\n');
}

function listDefines(defines: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(defines).map(([name, value]) => `${name} ${value}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
