#!/bin/sh
# What:    counts a kernel's devel packages in a buildroot, looks for its build tree, and tells which compilers are concerned.
# Inputs:  REKMOD_DEVEL (name of the package), REKMOD_RELEASE (uname -r). mock hands the text itself to a shell.
# Outputs: lines on standard output: "devel <n>" (packages of that name), "tree <path>" if the build tree is there,
#          "kernel <line of its configuration>" and "compiler <first line of --version>". Exit code: 0.
set -u
export LC_ALL=C

echo "devel $(rpm --query --queryformat '%{NAME}\n' "$REKMOD_DEVEL" | grep -cxF "$REKMOD_DEVEL")"
for tree in "/usr/src/kernels/$REKMOD_RELEASE" "/lib/modules/$REKMOD_RELEASE/build"; do
  [ -d "$tree" ] || continue
  echo "tree $tree"
  for config in "$tree/include/config/auto.conf" "$tree/.config"; do
    [ -f "$config" ] || continue
    sed -nE 's/^CONFIG_(CC_VERSION_TEXT|GCC_VERSION|CLANG_VERSION)=/kernel &/p' "$config"
    break
  done
  break
done
for compiler in gcc clang; do
  line=$("$compiler" --version 2>/dev/null | head -n 1)
  [ -z "$line" ] || echo "compiler $line"
done
exit 0
