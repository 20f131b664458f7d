#!/usr/bin/env bash
# What:    compiles kmods for one unpacked kernel in the lab's builder image, without network and root.
# Inputs:  <uname -r> <folder of the kernel> <folder for the results> <source>… (see make-kmods.sh); the lab; an engine; REKMOD_CACHE.
# Outputs: <folder for the results>/<source>/: *.ko, log, exit-code.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"

(($# >= 4)) || die "Cannot build kmods: expected <uname -r> <kernel> <results> <source>…, found $# arguments"
release=$1 kernel=$2 out=$3
shift 3
image=$(sed -n 's/.*"image": "\([^"]*\)".*/\1/p' "$CACHE/lab/builder-image.json")
[[ -n $image ]] || die "Cannot build kmods: expected the lab's builder image, found none; run lab/make-lab.sh"
mkdir -p "$out" "$CACHE/lab/newer/stable"
chmod 0777 "$out"
engine run --rm --network none --read-only --user 1000 --cap-drop ALL --pids-limit 512 \
  --tmpfs /tmp --tmpfs /build:exec,uid=1000,mode=0755 --volume "$kernel/usr/src/kernels:/usr/src/kernels:ro" \
  --volume "$CACHE/lab/kmods:/sources:ro" --volume "$here/made:/made:ro" --volume "$here/make-kmods.sh:/make-kmods.sh:ro" \
  --volume "$CACHE/lab/newer/stable:/newer:ro" --volume "$out:/out" "$image" bash /make-kmods.sh "$release" "$@" >&2
