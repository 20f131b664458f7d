#!/usr/bin/env bash
# What:    unpacks one kernel's build tree, image and modules, from the RPMs that kernel-rpms.sh makes.
# Inputs:  <uname -r>; REKMOD_CACHE.
# Outputs: truth/kernels/<uname -r>/ in the cache: lib/modules/ with plain .ko files, usr/src/kernels/, Module.symvers;
#          its path on standard output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"

[[ $# == 1 ]] || die "Cannot unpack a kernel: expected <uname -r>, found $# arguments"
release=$1
target=$CACHE/truth/kernels/$release
mapfile -t rpms < <(bash "$here/../kernel-rpms.sh" "$release")
((${#rpms[@]} == 2)) || die "Cannot unpack kernel $release: expected two RPMs, found ${#rpms[@]}"
key=$(text_digest "$(digest "$here/unpack-kernel.sh" "$(dirname "${rpms[0]}")/.key")")
if ! is_made "$target/.key" "$key"; then
  say "Unpacking kernel $release"
  mkdir -p "$CACHE/truth/kernels"
  scratch=$(mktemp -d "$CACHE/truth/kernels/.make.XXXXXX")
  remove_at_exit "$scratch"
  mkdir "$scratch/root"
  for rpm in "${rpms[@]}"; do
    rpm2cpio "$rpm" | (cd "$scratch/root" && cpio --extract --make-directories --preserve-modification-time --quiet)
  done
  # depmod reads a compressed tree fifteen times slower, and it is read again and again.
  find "$scratch/root/lib/modules" -name '*.ko.xz' -print0 | xargs -0 -r -P "$(nproc)" -n 64 xz --decompress
  ln "$scratch/root/usr/src/kernels/$release/Module.symvers" "$scratch/root/Module.symvers"
  write_file "$scratch/root/.key" <<<"$key"
  write_dir "$scratch/root" "$target"
fi
printf '%s\n' "$target"
