#!/bin/bash
# What:    makes a buildroot of this container: one kernel's devel package and a target's packages; or installs the
#          BuildRequires of specs into one. Runs nothing of a kmod: "rpmspec" reads requirements in a sealed container.
# Inputs:  /rekmod/{kernel-devel.rpm,assert-one-kernel.sh,describe-buildroot.sh}, /rekmod/repos/ if given; REKMOD_RELEASE
#          (uname -r), REKMOD_OFFLINE (yes: no repository at all), REKMOD_TRANSIENT (lines: phrases of dnf for troubles
#          that pass). With /rekmod/requires/<n>, one requirement a line: arguments are the names of their specs; without
#          it, packages.
# Outputs: the container's file system; log on standard error; "unsatisfied <n>" on standard output for each spec whose
#          BuildRequires cannot be had, and what describe-buildroot.sh tells. Exit code: dnf's, or 65 when the buildroot is not as it must be.
set -euo pipefail
exec 3>&1 1>&2 </dev/null
trap 'exit 143' TERM

work=/tmp/rekmod
mkdir -p "$work"
export LC_ALL=C HOME=$work

say() { printf 'rekmod: %s\n' "$*"; }

# In the background, so that SIGTERM ends this script at once and with it the container.
attend() {
  "$@" 3>&- &
  wait $!
}

die() {
  say "$*"
  exit 65
}

# The plugin "local" would keep a copy of every package in the image.
dnf_options=(-y --disableplugin=local --setopt=install_weak_deps=False --setopt=tsflags=nodocs --setopt=localpkg_gpgcheck=False)
if [[ -d /rekmod/repos ]]; then
  dnf_options+=(--setopt=reposdir=/rekmod/repos)
elif [[ $REKMOD_OFFLINE == yes ]]; then
  dnf_options+=(--disablerepo='*')
fi

run_dnf() {
  say "dnf $1"
  command dnf "${dnf_options[@]}" "$@" 2>&1 | tee "$work/dnf.log"
}

# write_spec <file> <requirements>: a spec without macros or scripts that needs what the lines of the other file say.
write_spec() {
  {
    printf 'Name: rekmod-build-requires\nVersion: 0\nRelease: 0\nSummary: None\nLicense: None\n'
    sed 's/%/%%/g; s/^/BuildRequires: /' "$2"
    printf '%%description\n'
  } >"$1"
}

is_satisfied() { rpmbuild -bc --quiet --define "_topdir $work/rpmbuild" "$1" >"$work/missing.log" 2>&1; }

install_requirements() {
  local index
  for index in "${!specs[@]}"; do write_spec "$work/$index.spec" "/rekmod/requires/$index"; done
  cat /rekmod/requires/* | sort -u >"$work/all"
  write_spec "$work/all.spec" "$work/all"
  # Another kernel's devel package would make a buildroot of two kernels.
  if is_satisfied "$work/all.spec" || attend run_dnf builddep --exclude="$devel" "$work/all.spec"; then return; fi
  say 'Not all BuildRequires can be had at once: trying spec by spec'
  for index in "${!specs[@]}"; do
    is_satisfied "$work/$index.spec" && continue
    attend run_dnf builddep --exclude="$devel" "$work/$index.spec" && continue
    if grep -qF -- "$REKMOD_TRANSIENT" "$work/dnf.log"; then exit 75; fi
    say "Cannot satisfy the BuildRequires of \"${specs[index]}\""
    printf 'unsatisfied %s\n' "$index" >&3
  done
}

devel=$(rpm --query --package --nosignature --queryformat '%{NAME}' /rekmod/kernel-devel.rpm)
if [[ -d /rekmod/requires ]]; then
  specs=("$@")
  install_requirements
else
  attend run_dnf install /rekmod/kernel-devel.rpm "$@"
fi

facts=$(REKMOD_DEVEL=$devel sh /rekmod/describe-buildroot.sh)
count=$(sed -n 's/^devel //p' <<<"$facts")
((count == 1)) || die "Expected one $devel in the buildroot, found $count"
/bin/bash /rekmod/assert-one-kernel.sh "$REKMOD_RELEASE"
printf '%s\n' "$facts" >&3

attend run_dnf clean all
rm -rf /var/cache/dnf/* /var/cache/libdnf5/* /var/log/dnf* /var/log/hawkey.log
say "The buildroot is ready: $(rpm --query "$devel")"
