#!/usr/bin/env bash
# What:    fetches the sources of the lab's kmods from Debian's stable suite, which is newer than the machine's own: a
#          module that no longer compiles on a new kernel has its mended successor there.
# Inputs:  <kmod> <Debian package> pairs as arguments; the machine's apt sources, for the mirror; REKMOD_CACHE.
# Outputs: truth/newer/<kmod>/<kmod>-<version>.tar.gz in the cache, for those that the suite has; the kmods on standard output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../../scripts/lib/debian.sh"

target=$CACHE/truth/newer
key=$(text_digest "$(digest "$here/newer-sources.sh")" "$@")
if ! is_made "$target/.key" "$key"; then
  mkdir -p "$CACHE/truth"
  scratch=$(mktemp -d "$CACHE/truth/.newer.XXXXXX")
  remove_at_exit "$scratch"
  mkdir -p "$scratch"/{lists/partial,archives/partial,debs,out}
  debian_sources | awk '!/-security|-updates/ { $3 = "stable"; print; exit }' >"$scratch/sources.list"
  # Lists of its own: neither the machine's sources nor its packages change.
  apt=(-qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=/nonexistent
    -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch" -o APT::Sandbox::User=)
  say "Fetching newer sources of the kmods from Debian's stable suite"
  apt-get "${apt[@]}" update >&2 || die "Cannot fetch the package lists of Debian's stable suite: see above"
  while (($#)); do
    kmod=$1 package=$2
    shift 2
    [[ -n $(apt-cache "${apt[@]}" show "$package" 2>/dev/null) ]] || continue
    (cd "$scratch/debs" && apt-get "${apt[@]}" download "$package" >&2)
    deb=("$scratch/debs/${package}_"*.deb)
    version=$(dpkg-deb -f "${deb[0]}" Version | sed -E 's/^[0-9]+://; s/-[^-]*$//; s/[~+]dfsg.*$//')
    dpkg-deb -x "${deb[0]}" "$scratch/$kmod"
    sources=("$scratch/$kmod"/usr/src/*/)
    [[ ${#sources[@]} == 1 && -d ${sources[0]} ]] || die "Cannot read \"${deb[0]}\": expected one folder in usr/src, found ${#sources[@]}"
    mkdir "$scratch/out/$kmod"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='@0' --transform="s,^\.,$kmod-$version," \
      -C "${sources[0]}" -cf - . | gzip -9n >"$scratch/out/$kmod/$kmod-$version.tar.gz"
  done
  write_file "$scratch/out/.key" <<<"$key"
  write_dir "$scratch/out" "$target"
fi
ls "$target"
