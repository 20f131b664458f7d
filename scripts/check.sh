#!/usr/bin/env bash
# What:    format, lint and types beside the quick tests; what the first three find ends the tests.
# Inputs:  options of node --test, as scripts/test.sh.
# Outputs: the tests' report, then what was found otherwise; exit code 0 only if nothing failed.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
found=$(mktemp)
bash scripts/test.sh "$@" &
tests=$!
# As Ctrl-C does: node ends its test processes.
trap 'kill "$tests" 2>/dev/null || true; wait "$tests" || true; rm -f "$found"' EXIT

if ! { biome check . && oxlint --type-aware && tsc --noEmit; } >"$found" 2>&1; then
  kill "$tests" 2>/dev/null || true
  wait "$tests" || true
  cat "$found" >&2
  printf 'Cannot pass the check: format, lint or types are not right, as told above; the tests were ended\n' >&2
  exit 1
fi
wait "$tests"
