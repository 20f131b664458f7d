#!/bin/bash
# What:    builds kmods with nothing but tar and make, a bounded number at once: the mark to beat.
# Inputs:  argv: kernel release, width, jobs of each make, kmods in order; /sources/<kmod>/*.tar.gz.
# Outputs: exit code 0 only if all were built.
set -euo pipefail
release=$1 width=$2 jobs=$3
shift 3
export tree=/lib/modules/$release/build release jobs

build() {
  local kmod=$1 dir=/builddir/make-$1
  mkdir -p "$dir"
  tar -xf /sources/"$kmod"/*.tar.gz -C "$dir" --strip-components=1
  cd "$dir"
  case $kmod in
    jool)
      rm -f src/mod/Makefile
      echo 'obj-m += common/ nat64/ siit/' >src/mod/Kbuild
      make -j"$jobs" -C "$tree" M="$PWD/src/mod" modules
      ;;
    ovpn-dco) make -j"$jobs" KERNEL_SRC="$tree" VER="$release" REVISION=bench ;;
    tp-smapi) make -j"$jobs" -C "$tree" M="$PWD" HDAPS=1 modules ;;
    dahdi) make -j"$jobs" KVERS="$release" KSRC="$tree" modules ;;
    *) make -j"$jobs" -C "$tree" M="$PWD" modules ;;
  esac >"$dir.log" 2>&1 || { tail -n 20 "$dir.log" >&2; return 1; }
  find "$dir" -name '*.ko' | grep -q . || { echo "no module of $kmod" >&2; return 1; }
}
export -f build
printf '%s\n' "$@" | xargs -P "$width" -I{} bash -c 'set -euo pipefail; build {}'
