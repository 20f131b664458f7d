#!/bin/sh
# What:    makes a published build again in Docker or Podman, without rekmod, and compares it with what is published.
# Inputs:  the folder that it lies in, written by "rekmod reproduce --output"; ENGINE (docker or podman), REKMOD_IMAGE (an
#          image to make a buildroot of, where neither the buildroot nor its own image are there).
# Outputs: built/*.rpm, build.log, prepare.log; what differs on standard output. Exit code: 0 when nothing does, 1 when
#          something does, 2 for trouble.
# shellcheck disable=SC1091,SC2034,SC2153,SC2154,SC2317
engine=$ENGINE
chosen_image=$REKMOD_IMAGE
set -eu
cd "$(dirname "$0")"
here=$(pwd -P)
sha256sum --check --quiet SHA256SUMS >&2 || exit 2
. ./recipe.sh
made=
container=
requires=
sealed_entry=/bin/bash

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$*"
  exit 2
}

clean() {
  [ -z "$container" ] || "$engine" rm --force "$container" >/dev/null 2>&1 || :
  for one in $made; do "$engine" rmi "$one" >/dev/null 2>&1 || :; done
}
trap clean EXIT
trap 'exit 130' INT TERM

for candidate in docker podman; do
  [ -z "$engine" ] || break
  if "$candidate" info >/dev/null 2>&1; then engine=$candidate; fi
done
[ -n "$engine" ] || die 'Expected Docker or Podman to answer, found neither'
# runc gives a scratch directory another mode without its owner; Podman does not know the option.
owner=
[ "$engine" != docker ] || owner=,uid=1000,gid=1000

umask 022

mount() { printf 'type=bind,source=%s,target=%s,readonly' "$here/$1" "$2"; }

has_image() { [ -n "$1" ] && "$engine" image inspect "$1" >/dev/null 2>&1; }

# commit_root <image> <options and command>: runs as root in an image and makes an image of it.
commit_root() {
  container=$("$engine" create --security-opt no-new-privileges --security-opt label=disable --cap-drop ALL \
    --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add FSETID --cap-add SETFCAP --cap-add SETGID \
    --cap-add SETUID --cap-add SYS_CHROOT --user 0:0 --workdir / --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777 \
    --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --env "REKMOD_RELEASE=$release" \
    --mount "$(mount scripts/assert-one-kernel.sh /rekmod/assert-one-kernel.sh)" "$@") || exit 2
  "$engine" start --attach "$container" >>prepare.log 2>&1 || die "The buildroot could not be made: see $here/prepare.log"
  root=$("$engine" commit "$container") || exit 2
  made="$root $made"
  "$engine" rm "$container" >/dev/null
  container=
}

prepare() {
  say "The buildroot $buildroot is not here: making one as it was made, with the packages of today"
  if [ -n "$chosen_image" ]; then image=$chosen_image; fi
  if ! has_image "$image"; then
    case $image_name in
      localhost/* | *.*/* | *:*/*) "$engine" pull "$image_name" >&2 || exit 2; image=$image_name ;;
      *) die "Expected the image $image_name ($image), found none; bring it here with \"$engine save\" and \"load\", or name one in REKMOD_IMAGE" ;;
    esac
  fi
  run_dnf "$image" "$@"
}

# run_dnf <image> <arguments of prepare-buildroot.sh>; "$requires" is mounted if it is set.
run_dnf() {
  from=$1
  shift
  offline=no
  [ "$network" != none ] || offline=yes
  set -- --network "$network" --env "REKMOD_OFFLINE=$offline" --env REKMOD_TRANSIENT= \
    --mount "$(mount scripts/prepare-buildroot.sh /rekmod/prepare-buildroot.sh)" \
    --mount "$(mount scripts/describe-buildroot.sh /rekmod/describe-buildroot.sh)" \
    --mount "$(mount "$kernel_devel" /rekmod/kernel-devel.rpm)" \
    --entrypoint /bin/bash "$from" /rekmod/prepare-buildroot.sh "$@"
  [ -z "$requires" ] || set -- --mount "$(mount "$requires" /rekmod/requires)" "$@"
  commit_root "$@"
}

# require <spec> <macro definition>...: rpm reads what the spec requires as sealed off as the build itself.
require() {
  wanted=$1
  shift
  [ -n "$wanted" ] || return 0
  requires=requires.making
  rm -rf "$requires"
  mkdir "$requires"
  count=$#
  while [ "$count" -gt 0 ]; do
    set -- "$@" --define "$1"
    shift
    count=$((count - 1))
  done
  sealed_entry=rpmspec
  run_sealed /tmp --mount "$(mount prepare /rekmod/input)" --env HOME=/tmp --env LC_ALL=C \
    "$root" --query --buildrequires --define '_sourcedir /rekmod/input' "$@" "/rekmod/input/$wanted" \
    >"$requires/0" 2>>prepare.log || die "The BuildRequires could not be read: see $here/prepare.log"
  sealed_entry=/bin/bash
  run_dnf "$root" "$wanted"
  rm -rf "$requires"
  requires=
}

install_staging() {
  commit_root --network none --mount "$(mount scripts/install-staging.sh /rekmod/install-staging.sh)" \
    --mount "$(mount staging /rekmod/staging)" --entrypoint /bin/bash "$root" /rekmod/install-staging.sh
}

# run_sealed <target of the scratch directory> <options and command>: without network, user rights or writable files.
run_sealed() {
  directory=$1
  shift
  "$engine" run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
    --security-opt label=disable --user 1000:1000 --memory "$memory" --ulimit nofile=4096 --workdir "$directory" \
    --tmpfs "/tmp:rw,exec,nosuid,nodev,size=$scratch,mode=1777$owner" \
    --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --entrypoint "$sealed_entry" "$@"
}

build() {
  say "Building $kmod for $release"
  run_sealed /builddir --tmpfs "/builddir:rw,exec,nosuid,nodev,size=$scratch,mode=1777$owner" \
    --mount "$(mount scripts/build-package.sh /rekmod/build-package.sh)" --mount "$(mount input /rekmod/input)" \
    --env "REKMOD_SPEC=$spec" --env "RPM_BUILD_NCPUS=$(getconf _NPROCESSORS_ONLN)" \
    "$root" /rekmod/build-package.sh "$@" >built.tar 2>build.log || die "The build failed: see $here/build.log"
  rm -rf built
  mkdir built
  tar -xf built.tar -C built
  rm built.tar
}

: >prepare.log
root=$buildroot
if ! has_image "$root"; then
  run_prepare
  run_require
fi
[ -z "$has_staging" ] || install_staging
run_build
code=0
run_sealed /tmp --mount "$(mount scripts/compare-packages.sh /rekmod/compare-packages.sh)" \
  --mount "$(mount published /rekmod/published)" --mount "$(mount built /rekmod/built)" \
  "$root" /rekmod/compare-packages.sh || code=$?
[ "$code" != 0 ] || say "$kmod for $release is reproduced: nothing differs"
[ "$code" != 1 ] || say "$kmod for $release is not reproduced: see above"
[ "$code" -le 1 ] || code=2
exit "$code"
