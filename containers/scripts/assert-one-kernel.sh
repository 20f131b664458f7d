#!/bin/bash
# What:    asserts that a buildroot has the build tree of one kernel and of no other, so that no spec can take another.
#          Other flavours of the same release are let be, since SUSE's kernel-syms requires them all.
# Inputs:  argument: <uname -r>. REKMOD_ROOT: where the buildroot is, else /.
# Outputs: a sentence on standard error for whatever is wrong. Exit code: 0, or 65.
set -euo pipefail
shopt -s nullglob

release=$1
root=${REKMOD_ROOT:-}

die() {
  printf 'rekmod: %s\n' "$*" >&2
  exit 65
}

# SUSE's are /usr/src/linux-<release without flavour>-obj/<architecture>/<flavour>; /usr/src/linux-obj says it in a file.
release_of() {
  local tree=$1 path=${1#"$root"/usr/src/} file=$1/include/config/kernel.release
  if [[ $path == kernels/* ]]; then
    printf '%s\n' "${path#kernels/}"
  elif [[ $path =~ ^linux-(.+)-obj/[^/]+/([^/]+)$ ]]; then
    printf '%s-%s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  elif [[ -f $file ]]; then
    head -n 1 "$file"
  else
    printf 'unknown (%s)\n' "${tree#"$root"}"
  fi
}

own=() others=()
for tree in "$root"/usr/src/kernels/* "$root"/usr/src/linux-*obj/*/*; do
  # A link leads to another of these.
  [[ -d $tree && ! -L $tree && ! -L ${tree%/*/*} ]] || continue
  found=$(release_of "$tree")
  if [[ $found == "$release" ]]; then
    own+=("$found")
  elif [[ $tree == */linux-*obj/* && ${found%-*} == "${release%-*}" ]]; then
    continue
  else
    others+=("$found")
  fi
done

if ((!${#own[@]})) && [[ -d $root/lib/modules/$release/build/ ]]; then own=("$release"); fi
((${#own[@]})) ||
  die "Expected the build tree of $release under /usr/src/kernels or /usr/src/linux-obj, found ${others[*]:-none}"
((!${#others[@]})) || die "Expected the build tree of $release alone, found those of ${others[*]} as well"
