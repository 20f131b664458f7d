#!/usr/bin/env bash
# What:    lists the kernels that the archive has, plain amd64 flavour: of every series with two or more, the newest ones.
# Inputs:  <number a series>; the apt index, read at run time.
# Outputs: lines "series release" on standard output, e.g. "6.1 6.1.0-56-amd64", the oldest first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../../scripts/lib/debian.sh"

[[ ${1:-} =~ ^[1-9][0-9]?$ ]] || die "Cannot list kernels: expected a number a series, found \"${1:-}\""
update_apt_lists
# linux-headers-6.12-amd64 is no kernel but a pointer to the newest one: the number after the series is missing.
apt-cache search --names-only '^linux-headers-[0-9]+\.[0-9]+\.[^ ]*-amd64$' | awk '{ print $1 }' | sed 's/^linux-headers-//' |
  grep -vE -- '-(cloud|rt)-amd64$' | sort -V | awk -v newest="$1" '
    match($0, /^[0-9]+\.[0-9]+/) { series = substr($0, 1, RLENGTH); kernels[series] = kernels[series] "\n" $0; count[series]++ }
    END {
      for (series in kernels) {
        if (count[series] < 2) continue
        split(substr(kernels[series], 2), list, "\n")
        for (i = 1; i <= count[series]; i++) if (i > count[series] - newest) print series, list[i]
      }
    }' | sort -V
