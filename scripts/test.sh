#!/usr/bin/env bash
# What:    the quick tests; a folder with together*.ts in a process for each of these, any other file in one of its own.
# Inputs:  options of node --test, e.g. --test-name-pattern=symvers.
# Outputs: the tests' report; exit code 0 only if none failed.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."
files=(test/*.test.ts)
for folder in test/*/; do
  [[ $folder != test/e2e/ ]] || continue
  together=("$folder"together*.ts)
  if [[ ${#together[@]} -gt 0 ]]; then
    files+=("${together[@]}")
  else
    files+=("$folder"*.test.ts)
  fi
done
# One file more than there are processors: some tests wait. By default one processor would be left idle.
exec node --import tsx --test --test-concurrency="$(($(nproc) + 1))" "$@" "${files[@]}"
