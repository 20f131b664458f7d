#!/usr/bin/env bash
# What:    lists every DKMS package of the archive and downloads them; apt verifies each against the signed index.
# Inputs:  [<package>…] instead of all; the apt index; REKMOD_CACHE.
# Outputs: lines "package path-of-the-deb" on standard output; the debs stay in lab/debs in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../../scripts/lib/debian.sh"

update_apt_lists
packages=("$@")
if ((!$#)); then
  # dh-dkms is a tool for packagers.
  mapfile -t packages < <(apt-cache search --names-only -- '-dkms$' | cut -d ' ' -f 1 | grep -vx dh-dkms | sort)
fi
mapfile -t debs < <(fetch_deb "${packages[@]}")
((${#debs[@]} == ${#packages[@]})) || die "Cannot list the packages: expected ${#packages[@]} debs, found ${#debs[@]}"
for i in "${!packages[@]}"; do printf '%s %s\n' "${packages[i]}" "${debs[i]}"; done
