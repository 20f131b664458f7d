#!/usr/bin/env bash
# What:    publishes kernels in a stream: an rpm-md repository that is signed and changes at one instant.
# Inputs:  <stream folder> <uname -r>… whose RPMs lab/kernel-rpms.sh made; LAB_COMPRESS=gz|xz|bz2|zstd; REKMOD_CACHE;
#          LAB_TAMPER=primary changes one bit of that metadata behind the back of the signed repomd.xml.
# Outputs: the RPMs as hard links in the stream folder, repodata (a symlink to the generation in force), its signature.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

(($# >= 1)) || die "Cannot release a kernel: expected <stream folder> <uname -r>…, found no arguments"
stream=$1
shift
mkdir -p "$stream/Packages"
stream=$(cd "$stream" && pwd)
upstream_key

for release in "$@"; do
  rpms=("$LAB/kernels/$release"/*.rpm)
  [[ -f ${rpms[0]} ]] || die "Cannot release \"$release\": expected its RPMs in $LAB/kernels, found none; run lab/make-lab.sh"
  for rpm in "${rpms[@]}"; do
    ln -f "$rpm" "$stream/Packages/" 2>/dev/null || cp -f "$rpm" "$stream/Packages/"
  done
done

compress=${LAB_COMPRESS:-zstd}
if [[ $compress == zstd ]] && ! createrepo_c --help | grep -q zstd; then
  # createrepo_c before 1.0 cannot write zstd.
  [[ -z ${LAB_COMPRESS:-} ]] || say "This createrepo_c cannot write zstd: gz is taken"
  compress=gz
fi

generation=$(mktemp -d "$stream/.repodata.XXXXXX")
link=$stream/.link.$$
scratch=$(mktemp -d "$stream/.make.XXXXXX")
trap 'rm -rf "$scratch" "$link"' EXIT
createrepo_c --quiet --no-database --general-compress-type="$compress" --outputdir="$scratch" \
  ${stream:+--update --update-md-path="$stream"} --skip-symlinks --excludes='.*' "$stream" >&2 ||
  die "Cannot make the metadata of $stream: createrepo_c failed"
gpg --homedir "$LAB/upstream/gnupg" --batch --yes --quiet --armor --detach-sign \
  --output "$scratch/repodata/repomd.xml.asc" "$scratch/repodata/repomd.xml"
stop_upstream_agent
cp "$LAB/upstream/RPM-GPG-KEY-rekmod-lab-upstream" "$scratch/repodata/repomd.xml.key"

if [[ ${LAB_TAMPER:-} == primary ]]; then
  primary=$(echo "$scratch/repodata"/*-primary.xml.*)
  middle=$(($(stat -c %s "$primary") / 2))
  byte=$(od -An -tu1 -j "$middle" -N 1 "$primary")
  printf '%b' "$(printf '\\x%02x' $((byte ^ 1)))" | dd of="$primary" bs=1 seek="$middle" conv=notrunc status=none
fi

# A client that read the old repomd.xml a moment ago still finds the files that it names, which carry their checksum.
if [[ -L $stream/repodata ]]; then
  sed -n 's/.*location href="repodata\/\([^"]*\)".*/\1/p' "$stream/repodata/repomd.xml" | while read -r file; do
    ln "$stream/repodata/$file" "$generation/$file"
  done
fi
mv -f "$scratch/repodata"/* "$generation/"
chmod 0755 "$generation"
old=$(readlink "$stream/repodata" || true)
ln -s "$(basename "$generation")" "$link"
mv -T "$link" "$stream/repodata"
[[ -z $old ]] || rm -rf "${stream:?}/$old"
say "Stream $stream now carries $(find "$stream/Packages" -name '*.rpm' | wc -l) RPMs ($compress metadata)"
