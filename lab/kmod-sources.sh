#!/usr/bin/env bash
# What:    makes the sources of the lab's kmods: tarballs from Debian's *-dkms packages, next to copies of our specs.
# Inputs:  lab/kmods/kmods.tsv (name, kind, Debian package) and lab/kmods/<name>/<name>-kmod.spec; the apt index; REKMOD_CACHE.
# Outputs: lab/kmods/<name>/{<name>-kmod.spec,<name>-<version>.tar.gz} and lab/kmods.json in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

table=$here/kmods/kmods.tsv
update_apt_lists
mapfile -t packages < <(cut -f 3 "$table")
mapfile -t debs < <(fetch_deb "${packages[@]}")
((${#debs[@]} == ${#packages[@]})) || die "Cannot make the kmods' sources: expected ${#packages[@]} debs, found ${#debs[@]}"

entries=() row=0
while IFS=$'\t' read -r name kind package; do
  deb=${debs[row]}
  row=$((row + 1))
  # 1:2.11.1~dfsg-8.4 → 2.11.1: no epoch, no Debian revision, no mark of Debian's repacking.
  version=$(dpkg-deb -f "$deb" Version | sed -E 's/^[0-9]+://; s/-[^-]*$//; s/[~+]dfsg.*$//')
  spec=$here/kmods/$name/$name-kmod.spec
  target=$LAB/kmods/$name
  key=$(text_digest "$(digest "$here/kmod-sources.sh" "$spec")" "$(basename "$deb")")
  stamp=$LAB/kmods/.made/$name
  if [[ ! -d $target ]] || ! is_made "$stamp" "$key"; then
    say "Making the sources of $name $version from $(basename "$deb")"
    mkdir -p "$LAB/kmods"
    scratch=$(mktemp -d "$LAB/kmods/.make.XXXXXX")
    dpkg-deb -x "$deb" "$scratch/deb"
    sources=("$scratch"/deb/usr/src/*/)
    [[ ${#sources[@]} == 1 && -d ${sources[0]} ]] || die "Cannot read \"$deb\": expected one folder in usr/src, found ${#sources[@]}"
    mkdir "$scratch/out"
    # The same deb always gives the same tarball, byte for byte.
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='@0' --transform="s,^\.,$name-$version," \
      -C "${sources[0]}" -cf - . | gzip -9n >"$scratch/out/$name-$version.tar.gz"
    # The archive may carry a newer version than the one that the spec was written for.
    sed -E "s/^(Version: +).*/\1$version/" "$spec" >"$scratch/out/$name-kmod.spec"
    write_dir "$scratch/out" "$target"
    write_file "$stamp" <<<"$key"
    rm -rf "$scratch"
  fi
  entries+=("$(printf '{"name": "%s", "spec": "%s", "sourceDirectory": "%s", "kind": "%s", "upstreamVersion": "%s", "debianPackage": "%s"}' \
    "$name" "$target/$name-kmod.spec" "$target" "$kind" "$version" "$package")")
done <"$table"
{
  printf '[\n'
  printf '%s\n' "${entries[@]}" | sed -e 's/^/  /' -e '$!s/$/,/'
  printf ']\n'
} | write_file "$LAB/kmods.json"
