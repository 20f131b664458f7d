#!/usr/bin/env bash
# What:    builds DKMS packages for one kernel by dkms(8) alone, in the image that rekmod's builds run in, without network.
# Inputs:  <uname -r> of a kernel of lab/kernels <package>… of lab/debs; a container engine; REKMOD_CACHE.
# Outputs: lines "package builds|excludes|fails" on standard output; logs and, by their inputs' digest, the answers under
#          lab/dkms/<uname -r>/ in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../../scripts/lib/debian.sh"
# shellcheck source=lab/lib.sh
. "$here/../lib.sh"

(($# >= 2)) || die "Cannot build by dkms: expected <uname -r> <package>…, found $# arguments"
release=$1
shift
image=$(sed -n 's/.*"image": "\([^"]*\)".*/\1/p' "$LAB/builder-image.json")
devel=$LAB/kernels/$release/kernel-devel-$(rpm_spelling "$release").x86_64.rpm
[[ -n $image && -f $devel ]] || die "Cannot build by dkms: expected the lab's image and \"$devel\", found \"$image\""
mapfile -t debs < <(fetch_deb "$@")
out=$LAB/dkms/$release
mkdir -p "$out"
root=rekmod-lab/dkms:${release//+/_}-$$
container=rekmod-lab-dkms-$$
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rekmod-lab-dkms.XXXXXX")
trap 'engine rm --force "$container" >/dev/null 2>&1 || true; engine rmi "$root" >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT

# make_root: the image with this kernel's kernel-devel; once.
make_root() {
  [[ -z $(engine image inspect --format '{{.Id}}' "$root" 2>/dev/null || true) ]] || return 0
  engine run --name "$container" --network none --volume "$devel:/kernel-devel.rpm:ro" "$image" \
    rpm -i --nodeps /kernel-devel.rpm >&2
  engine commit "$container" "$root" >/dev/null
  engine rm --force "$container" >/dev/null
}

# build <folder of unpacked packages> <package>: exit code 77 is dkms's own for a kernel that the source excludes.
build() {
  # shellcheck disable=SC2016 # for the container's shell
  engine run --rm --name "$container" --network none --volume "$1:/packages:ro" "$root" \
    timeout -k 10 1800 bash -euc '
      cp -a /packages/*/usr/src/. /usr/src/
      conf=("/packages/$2"/usr/src/*/dkms.conf)
      name=$(sed -n "s/^PACKAGE_NAME=\"*\([^\"]*\)\"*/\1/p" "${conf[0]}")
      version=$(sed -n "s/^PACKAGE_VERSION=\"*\([^\"]*\)\"*/\1/p" "${conf[0]}")
      dkms add -m "$name" -v "$version"
      code=0
      dkms build -m "$name" -v "$version" -k "$1" -a x86_64 || code=$?
      ((code == 0 || code == 77)) || cat "/var/lib/dkms/$name/$version/build/make.log"
      exit "$code"
    ' bash "$release" "$2"
}

for i in "${!debs[@]}"; do
  package=$1 answer=$out/$1.answer
  shift
  key=$(text_digest "$image" "$(digest "$here/build-by-dkms.sh" "${debs[i]}" "$(dirname "$devel")/.key")")
  if ! is_made "$answer.key" "$key"; then
    make_root
    dpkg-deb -x "${debs[i]}" "$scratch/$package"
    # A package may read the sources of another one.
    mapfile -t needed < <(dpkg-deb -f "${debs[i]}" Depends | grep -oE '[a-z0-9][a-z0-9.+-]*-dkms' || true)
    for other in "${needed[@]}"; do dpkg-deb -x "$(fetch_deb "$other")" "$scratch/$other"; done
    code=0
    build "$scratch" "$package" >"$out/$package.log" 2>&1 || code=$?
    case $code in
      0) write_file "$answer" <<<builds ;;
      77) write_file "$answer" <<<excludes ;;
      # timeout, the engine itself, a signal: no answer of dkms.
      124 | 125 | 126 | 127 | 137 | 143) die "Cannot build $package by dkms: expected its exit code, found $code; see $out/$package.log" ;;
      *) write_file "$answer" <<<fails ;;
    esac
    write_file "$answer.key" <<<"$key"
    rm -rf "${scratch:?}"/*
  fi
  printf '%s %s\n' "$package" "$(<"$answer")"
done
