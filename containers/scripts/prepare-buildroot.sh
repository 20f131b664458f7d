#!/bin/bash
# What:    makes a buildroot of this container: one kernel's devel package, a target's packages, BuildRequires of specs.
# Inputs:  /rekmod/{kernel-devel.rpm,assert-one-kernel.sh,describe-buildroot.sh}, /rekmod/specs/<n>/, /rekmod/repos/ if given;
#          REKMOD_RELEASE (uname -r), REKMOD_OFFLINE
#          (yes: no repository at all), REKMOD_TRANSIENT (lines: phrases of dnf for troubles that pass);
#          arguments: <count> <package>… then for each spec <file name> <count> <macro definition>….
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

# The macros of a spec may run any program: here as nobody in particular, who can change nothing that is kept.
read_requirements() {
  local spec=$1
  shift
  chroot --userspec=1000:1000 --groups= / env HOME=/tmp LC_ALL=C rpmspec --query --buildrequires \
    --define "_sourcedir $(dirname "$spec")" "$@" "$spec"
}

packages=("${@:2:$1}")
shift $(($1 + 1))

devel=$(rpm --query --package --nosignature --queryformat '%{NAME}' /rekmod/kernel-devel.rpm)
attend run_dnf install /rekmod/kernel-devel.rpm "${packages[@]}"

specs=()
while (($#)); do
  index=${#specs[@]}
  spec=/rekmod/specs/$index/$1
  specs+=("$spec")
  definitions=()
  for definition in "${@:3:$2}"; do definitions+=(--define "$definition"); done
  shift $(($2 + 2))
  if ! read_requirements "$spec" "${definitions[@]}" >"$work/$index.requires"; then
    say "Cannot read the BuildRequires of \"${spec##*/}\""
    printf 'unsatisfied %s\n' "$index" >&3
    : >"$work/$index.requires"
  fi
  write_spec "$work/$index.spec" "$work/$index.requires"
done

if ((${#specs[@]})); then
  cat "$work"/*.requires | sort -u >"$work/all"
  write_spec "$work/all.spec" "$work/all"
  # Another kernel's devel package would make a buildroot of two kernels.
  if ! is_satisfied "$work/all.spec" && ! attend run_dnf builddep --exclude="$devel" "$work/all.spec"; then
    say 'Not all BuildRequires can be had at once: trying spec by spec'
    for index in "${!specs[@]}"; do
      is_satisfied "$work/$index.spec" && continue
      attend run_dnf builddep --exclude="$devel" "$work/$index.spec" && continue
      if grep -qF -- "$REKMOD_TRANSIENT" "$work/dnf.log"; then exit 75; fi
      say "Cannot satisfy the BuildRequires of \"${specs[index]##*/}\""
      printf 'unsatisfied %s\n' "$index" >&3
    done
  fi
fi

facts=$(REKMOD_DEVEL=$devel sh /rekmod/describe-buildroot.sh)
count=$(sed -n 's/^devel //p' <<<"$facts")
((count == 1)) || die "Expected one $devel in the buildroot, found $count"
/bin/bash /rekmod/assert-one-kernel.sh "$REKMOD_RELEASE"
printf '%s\n' "$facts" >&3

attend run_dnf clean all
rm -rf /var/cache/dnf/* /var/cache/libdnf5/* /var/log/dnf* /var/log/hawkey.log
say "The buildroot is ready: $(rpm --query "$devel")"
