#!/usr/bin/env bash
# What:    chooses three kernels of one Debian series: first, changed (other kABI), same (newer, kABI equal to changed).
# Inputs:  the apt index, read at run time; REKMOD_CACHE; LAB_SERIES (default: 6.1 when the index has it, else the newest).
# Outputs: lines "role release source-release lost added changed" on standard output; Module.symvers files in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

newest=6 # kernels of the series to look at

# releases_of <series>: uname -r of the plain amd64 flavour, newest first.
releases_of() {
  apt-cache search --names-only "^linux-headers-${1//./\\.}\\.[^ ]*-amd64\$" | awk '{ print $1 }' |
    sed 's/^linux-headers-//' | grep -vE -- '-(cloud|rt)-amd64$' | sort -rV || true
}

update_apt_lists
series=${LAB_SERIES:-6.1}
mapfile -t releases < <(releases_of "$series" | head -n "$newest")
if ((${#releases[@]} < 2)) && [[ -z ${LAB_SERIES:-} ]]; then
  series=$(apt-cache search --names-only '^linux-headers-[0-9].*-amd64$' | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | sort -rV | head -n 1 | cut -d . -f 1,2)
  mapfile -t releases < <(releases_of "$series" | head -n "$newest")
fi
((${#releases[@]} >= 2)) || die "Cannot choose kernels: expected two or more of series $series in the apt index, found ${#releases[@]}"

say "Reading Module.symvers of ${releases[*]}"
declare -A symvers
mapfile -t debs < <(fetch_deb "${releases[@]/#/linux-headers-}")
((${#debs[@]} == ${#releases[@]})) || die "Cannot choose kernels: expected ${#releases[@]} header packages, found ${#debs[@]}"
for i in "${!releases[@]}"; do
  release=${releases[i]} deb=${debs[i]}
  symvers[$release]=$LAB/symvers/$(basename "$deb" .deb)
  if [[ ! -f ${symvers[$release]} ]]; then
    deb_file "$deb" "/usr/src/linux-headers-$release/Module.symvers" | write_file "${symvers[$release]}"
  fi
done

delta() { symvers_delta "${symvers[$1]}" "${symvers[$2]}"; }

# The newest pair of neighbours with equal kABI; index 0 is the newest kernel.
changed='' same='' same_source='' start=0
for ((i = 0; i + 2 < ${#releases[@]}; i++)); do
  if [[ ${LAB_REPACKAGE:-} != 1 && $(delta "${releases[i + 1]}" "${releases[i]}") == '0 0 0' ]]; then
    same=${releases[i]} same_source=$same changed=${releases[i + 1]} start=$((i + 2))
    break
  fi
done
if [[ -z $same ]]; then
  # None: the newest kernel serves twice, the second time under the next number (6.1.0-56 → 57, 6.12.9+deb12 → 10).
  changed=${releases[0]} same_source=$changed start=1
  [[ $changed =~ ^([0-9.]+-)([0-9]+)(-amd64)$ || $changed =~ ^([0-9]+\.[0-9]+\.)([0-9]+)(\+.*)$ ]] ||
    die "Cannot repackage \"$changed\": expected a release like 6.1.0-56-amd64 or 6.12.9+deb12-amd64"
  same=${BASH_REMATCH[1]}$((BASH_REMATCH[2] + 1))${BASH_REMATCH[3]}
fi

# The newest kernel before them whose kABI really differs.
first=''
for ((i = start; i < ${#releases[@]}; i++)); do
  if [[ $(delta "${releases[i]}" "$changed") != '0 0 0' ]]; then
    first=${releases[i]}
    break
  fi
done
[[ -n $first ]] || die "Cannot choose kernels: expected one whose kABI differs from $changed, found none among ${releases[*]}"

printf 'first %s %s 0 0 0\n' "$first" "$first"
printf 'changed %s %s %s\n' "$changed" "$changed" "$(delta "$first" "$changed")"
printf 'same %s %s %s\n' "$same" "$same_source" "$(delta "$changed" "$same_source")"
