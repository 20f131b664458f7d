import { fileURLToPath } from 'node:url';

/** Scripts that a person needs to make a buildroot, build in it and compare, by file name. */
export const BUILD_SCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'assert-one-kernel.sh',
    'build-package.sh',
    'compare-packages.sh',
    'describe-buildroot.sh',
    'install-staging.sh',
    'prepare-buildroot.sh',
    'reproduce.sh',
  ].map((name) => [name, fileURLToPath(new URL(`./scripts/${name}`, import.meta.url))]),
);
