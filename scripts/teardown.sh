#!/usr/bin/env bash
# What:    stops the container engine that setup.sh started, and nothing else.
# Inputs:  the process recorded in the cache by setup.sh; REKMOD_CACHE.
# Outputs: one line that says what was done; images and caches stay.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/lib/debian.sh"
# shellcheck source=scripts/lib/system.sh
. "$here/lib/system.sh"
# shellcheck source=scripts/lib/engine.sh
. "$here/lib/engine.sh"

stop_dockerd
