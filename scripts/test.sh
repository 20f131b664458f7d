#!/usr/bin/env bash
# What:    the quick tests; a folder with a together.ts in one process, each other file in one of its own.
# Inputs:  options of node --test, e.g. --test-name-pattern=symvers.
# Outputs: the tests' report; exit code 0 only if none failed.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."
files=(test/*.test.ts)
for folder in test/*/; do
  [[ $folder != test/e2e/ ]] || continue
  if [[ -f ${folder}together.ts ]]; then
    files+=("${folder}together.ts")
  else
    files+=("$folder"*.test.ts)
  fi
done
# One file more than there are processors: some tests wait. By default one processor would be left idle.
exec node --import tsx --test --test-concurrency="$(($(nproc) + 1))" "$@" "${files[@]}"
