#!/bin/bash
# Ends a rekmod that was left running, that one process alone, and waits for it.
# Inputs: the data directory (default: the demo's). Outputs: what it did, on stderr.
set -euo pipefail
home=${1:-${REKMOD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rekmod}/demo/home}
lock=$home/run/up.lock
[[ -f $lock ]] || { echo "==> No rekmod runs on $home" >&2; exit 0; }
pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$lock")
ticks=$(sed -n 's/.*"startTicks":"\([0-9]*\)".*/\1/p' "$lock")
is_ours() { [[ -r /proc/$pid/stat ]] && [[ $(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20) == "$ticks" ]]; }
if [[ -z $pid ]] || ! is_ours; then
  echo "==> The rekmod of $home has ended already" >&2
  exit 0
fi
kill -TERM "$pid"
for _ in $(seq 600); do is_ours || break; sleep 0.1; done
if is_ours; then echo "==> Process $pid does not end" >&2; exit 1; fi
echo "==> Ended process $pid" >&2
