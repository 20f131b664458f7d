import { z } from 'zod';
import {
  ArchiveName,
  Commit,
  GitRefName,
  GitUrl,
  KernelLimit,
  MacroName,
  MacroValue,
  Name,
  PackageGlob,
  PackageName,
  Path,
  RepositoryUrl,
  Sha256,
  Text,
  TreePath,
} from './scalars.ts';
import { LoadTestSection } from './schema-load-test.ts';

/** `git:` of a kmod. */
export const GitEntry = z.strictObject({
  url: GitUrl.describe('Address of the repository.'),
  branch: GitRefName.optional().describe("Branch to follow. Default: the repository's own."),
  tag: GitRefName.optional().describe('Tag to build; instead of a branch.'),
  commit: Commit.optional().describe('Commit to build; instead of a branch.'),
  spec: TreePath.optional().describe(
    'RPM spec in the tree. Default: the only one; without any, a dkms.conf.',
  ),
  archive: ArchiveName.optional().describe('Source archive to make of the whole tree.'),
  sources: Path.optional().describe('Folder of this machine with sources that the tree lacks.'),
  submodules: z.boolean().default(false).describe('Whether submodules are fetched, too.'),
});
export type GitEntry = z.infer<typeof GitEntry>;

/** `repository:` of a kmod. */
export const SourceRepositoryEntry = z.strictObject({
  url: RepositoryUrl.describe('Base URL of the repository with the source packages.'),
  package: PackageName.describe('Name of the source package; the newest is built.'),
  gpgKeys: z
    .array(Path)
    .max(16, 'at most 16 keys')
    .default([])
    .describe('Files with the keys that must have signed it.'),
});
export type SourceRepositoryEntry = z.infer<typeof SourceRepositoryEntry>;

/** One entry of `kmods:`. */
export const KmodEntry = z.strictObject({
  spec: Path.optional().describe('RPM spec file.'),
  sources: Path.optional().describe("Folder with the spec's sources. Default: the spec's folder."),
  srpm: Path.optional().describe('Source RPM; instead of a spec.'),
  git: GitEntry.optional().describe('Spec or DKMS source in a git repository; instead of a spec.'),
  repository: SourceRepositoryEntry.optional().describe(
    'Source RPM in an rpm-md repository; instead of a spec.',
  ),
  url: RepositoryUrl.optional().describe(
    'Source RPM, or archive with a spec or a dkms.conf; instead of a spec.',
  ),
  sha256: Sha256.optional().describe('What is at the url.'),
  dkms: Path.optional().describe(
    'Folder with a dkms.conf, or a .deb, .rpm or tar archive that has one; instead of a spec.',
  ),
  dialect: Name.default('auto').describe('How the spec asks for a kernel; auto detects it.'),
  defines: z
    .record(MacroName, MacroValue)
    .optional()
    .describe('Macros that every build of it gets, besides those that name the kernel.'),
  streams: z
    .array(Name)
    .min(1, 'at least one stream')
    .max(256, 'at most 256 streams')
    .describe('Streams it is built for.'),
  required: z
    .boolean()
    .default(false)
    .describe('Whether a kernel is held back until this kmod is there.'),
  needs: z
    .array(Name)
    .max(64, 'at most 64 kmods')
    .default([])
    .describe('Kmods that must be built first, beyond those that its spec and builds tell of.'),
  minKernel: KernelLimit.optional().describe('Oldest kernel it is built for.'),
  maxKernel: KernelLimit.optional().describe('Newest kernel it is built for.'),
  loadTest: LoadTestSection.nullable()
    .prefault({})
    .describe('Whether what is built is tried in the real kernel, in QEMU.'),
  binaries: z
    .array(Path)
    .max(64, 'at most 64 paths')
    .default([])
    .describe('RPMs of it that somebody else built, or folders with them; used where they fit.'),
  binaryNames: z
    .array(PackageGlob)
    .max(64, 'at most 64 names')
    .default([])
    .describe('Which packages of those folders are meant; all kmods when empty.'),
  owner: Text.optional().describe('Who answers for it.'),
});
export type KmodEntry = z.infer<typeof KmodEntry>;
