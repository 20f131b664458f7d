#!/bin/bash
# What:    compiles kmods for one kernel with nothing but tar and make, inside the builder image, without network.
# Inputs:  argv: kernel release, then "<kmod>", "<kmod>~newer" or "made"; /sources/<kmod>/*.tar.gz, /newer/<kmod>/*.tar.gz,
#          /made/ (our own modules), /usr/src/kernels/<release>.
# Outputs: /out/<argument>/: *.ko without debug sections, log, and exit-code with the code of make.
set -euo pipefail
release=$1
shift
tree=/usr/src/kernels/$release

# Type information for BPF takes its time, and no loader looks at it.
make() { command make "$@" CONFIG_DEBUG_INFO_BTF_MODULES=; }

compile() {
  local kmod=$1
  case $kmod in
    jool)
      rm -f src/mod/Makefile
      echo 'obj-m += common/ nat64/ siit/' >src/mod/Kbuild
      make -C "$tree" M="$PWD/src/mod" modules
      ;;
    ovpn-dco) make KERNEL_SRC="$tree" VER="$release" REVISION=truth ;;
    tp-smapi) make -C "$tree" M="$PWD" HDAPS=1 modules ;;
    dahdi) make KVERS="$release" KSRC="$tree" modules ;;
    *) make -C "$tree" M="$PWD" modules ;;
  esac
}

for source in "$@"; do
  kmod=${source%\~newer}
  directory=/build/$source out=/out/$source code=0
  mkdir -p "$directory" "$out"
  case $source in
    made) cp /made/* "$directory/" ;;
    *\~newer) tar -xf /newer/"$kmod"/*.tar.gz -C "$directory" --strip-components=1 ;;
    *) tar -xf /sources/"$kmod"/*.tar.gz -C "$directory" --strip-components=1 ;;
  esac
  cd "$directory"
  compile "$kmod" >"$out/log" 2>&1 || code=$?
  if ((code == 0)); then
    find . -name '*.ko' -exec install -m 0644 -t "$out" {} +
    strip --strip-debug "$out"/*.ko
  fi
  echo "$code" >"$out/exit-code"
done
