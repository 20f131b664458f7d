import { cleanText } from './clean-text.ts';

/** Names a symbol's provider with its part of the kernel, e.g. `vmlinux (the kernel's core)`. */
export function describeProvider({
  provider,
  subsystem,
}: {
  readonly provider: string;
  readonly subsystem?: string;
}): string {
  const name = cleanText(provider, 96);
  return subsystem === undefined ? name : `${name} (${subsystem})`;
}
