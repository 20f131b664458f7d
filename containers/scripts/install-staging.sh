#!/bin/bash
# What:    installs packages that this rollout built into a buildroot, so that kmods can be built that require them.
# Inputs:  /rekmod/staging (an rpm-md repository), /rekmod/assert-one-kernel.sh; REKMOD_RELEASE (uname -r).
# Outputs: the container's file system; log on standard error. Exit code: rpm's, or 65 when the buildroot is not as it must be.
set -euo pipefail
exec 1>&2 </dev/null
trap 'exit 143' TERM
export LC_ALL=C

shopt -s nullglob
packages=(/rekmod/staging/*.rpm)
((${#packages[@]})) || {
  printf 'rekmod: Expected packages in the staging repository, found none\n'
  exit 65
}

# What they need where they are used, a kernel first of all, no build needs; nor do their scripts run here, as root. A file
# of another package is never replaced. They were verified before they came here.
rpm --install --verbose --nodeps --noscripts --notriggers --nosignature --excludedocs "${packages[@]}" &
wait $!
bash /rekmod/assert-one-kernel.sh "$REKMOD_RELEASE"
