#!/usr/bin/env bash
# What:    the end-to-end tests on real kernels, modules, engine and Temporal; one file after the other.
# Inputs:  test files to run (default: all of test/e2e).
# Outputs: the tests' report; exit code 0 only if none failed. The lab is made first if it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
bash lab/make-lab.sh >/dev/null
files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(test/e2e/*.test.ts)
exec node --import tsx --test --test-concurrency=1 "${files[@]}"
