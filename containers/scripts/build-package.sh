#!/bin/bash
# What:    builds one spec's binary RPMs, without network and as an unprivileged user.
# Inputs:  REKMOD_SPEC (file name in /rekmod/input), RPM_BUILD_NCPUS; arguments: macro definitions, "<name> <value>" each.
# Outputs: log on standard error; after success alone a tar of the RPMs on standard output. Exit code: rpmbuild's, or when
#          it failed: 113 if the kernel killed some process for want of memory, which not every engine notices, and
#          114 if there is no room for files any more.
set -euo pipefail
# Standard output is kept from the build, whose programs may print what they like.
exec 3>&1 1>&2 </dev/null
trap 'exit 143' TERM

# The paths that mock uses too, since a module's debug information holds them.
export LC_ALL=C HOME=/builddir TMPDIR=/builddir/tmp
mkdir -p /builddir/tmp /builddir/out /builddir/sources
# Specs write beside their sources while they are parsed, as OpenZFS' does, and rpm says nothing if they cannot. Large
# files are not copied into what the build has of memory.
find /rekmod/input -mindepth 1 -maxdepth 1 -type f -size -2048k -exec cp -t /builddir/sources {} +
find /rekmod/input -mindepth 1 -maxdepth 1 ! \( -type f -size -2048k \) -exec ln -s -t /builddir/sources {} +

definitions=()
for definition in \
  '_topdir /builddir/build' '_sourcedir /builddir/sources' '_specdir /builddir/sources' '_tmppath /builddir/tmp' \
  "_smp_build_ncpus $RPM_BUILD_NCPUS" '_buildhost rekmod' 'source_date_epoch_from_changelog 1' \
  'use_source_date_epoch_as_buildtime 1' 'clamp_mtime_to_source_date_epoch 1' "$@"; do
  definitions+=(--define "$definition")
done

# In the background, so that SIGTERM ends this script at once and with it the container.
rpmbuild -bb --noclean "${definitions[@]}" "/builddir/sources/$REKMOD_SPEC" 3>&- &
wait $! || {
  code=$?
  # cgroup v2, then v1.
  grep -qsE '^oom_kill [1-9]' /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control && exit 113
  # In KiB.
  df --block-size=1K --output=avail /builddir /tmp | grep -qxE ' *[0-9]{1,3}' && exit 114
  exit "$code"
}

find /builddir/build/RPMS -type f -name '*.rpm' -exec mv -n -t /builddir/out -- {} +
cd /builddir/out
shopt -s nullglob
files=(*)
((${#files[@]})) || exit 0
exec tar --create --format=ustar --file=- --numeric-owner -- "${files[@]}" >&3
