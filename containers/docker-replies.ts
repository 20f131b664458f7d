import { z } from 'zod';

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((found) => found ?? {});

/** The part of `GET /version` that rekmod uses; Podman names itself in `Components`. */
export const VersionReply = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

/** The part of `GET /info` that rekmod uses. */
export const InfoReply = z.object({
  NCPU: z.number(),
  MemTotal: z.number(),
  Architecture: z.string(),
  /** Where images are kept, e.g. `/var/lib/docker`. */
  DockerRootDir: z.string().nullish(),
  MemoryLimit: z.boolean().nullish(),
  PidsLimit: z.boolean().nullish(),
  CgroupVersion: z.string().nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
  /** Podman's; Docker says `name=rootless` in `SecurityOptions`. */
  Rootless: z.boolean().nullish(),
});

/** The part of `GET /images/<name>/json` that rekmod uses. */
export const ImageReply = z.object({
  Id: z.string(),
  Created: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  Size: z.number(),
  Config: z.object({ Labels: labels }).nullish(),
});

/** The part of a line of `POST /images/create` that rekmod uses. */
export const PullProgress = z.object({
  error: z.string().nullish(),
  errorDetail: z.object({ message: z.string().nullish() }).nullish(),
});

/** The part of `GET /containers/<id>/json` that rekmod uses. */
export const ContainerReply = z.object({
  State: z.object({
    /** `created`, `running`, `exited`; Podman also `stopping`, `stopped`. */
    Status: z.string(),
    Running: z.boolean(),
    ExitCode: z.number(),
    OOMKilled: z.boolean(),
  }),
});

/** The part of `GET /containers/json` that rekmod uses. */
export const ContainerListReply = z.array(z.object({ Id: z.string(), Labels: labels }));

/** The answer to `POST /commit`. */
export const CommitReply = z.object({ Id: z.string() });
