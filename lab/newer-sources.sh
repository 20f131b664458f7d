#!/usr/bin/env bash
# What:    fetches the sources of kmods from a suite of Debian that is newer than the machine's own: a module that no longer
#          compiles on a new kernel has its mended successor there.
# Inputs:  <suite, e.g. stable>, then pairs <kmod> <Debian package>; the machine's apt sources, for the mirror; REKMOD_CACHE.
# Outputs: lab/newer/<suite>/<kmod>/<kmod>-<version>.tar.gz in the cache, for those that the suite has; the kmods on standard output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"

[[ ${1:-} =~ ^[a-z]+$ ]] || die "Cannot fetch newer sources: expected a suite of Debian, found \"${1:-}\""
suite=$1
shift
target=$CACHE/lab/newer/$suite
script=$(digest "$here/newer-sources.sh")
declare -A packages
kmods=() missing=()
while (($#)); do
  packages[$1]=$2
  kmods+=("$1")
  is_made "$target/$1/.key" "$(text_digest "$script" "$2")" || missing+=("$1")
  shift 2
done

if ((${#missing[@]})); then
  mkdir -p "$target"
  scratch=$(mktemp -d "$target/.fetch.XXXXXX")
  remove_at_exit "$scratch"
  mkdir -p "$scratch"/{lists/partial,archives/partial,debs,out}
  debian_sources | awk -v suite="$suite" '!/-security|-updates/ { $3 = suite; print; exit }' >"$scratch/sources.list"
  # Lists of its own: neither the machine's sources nor its packages change.
  apt=(-qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=/nonexistent
    -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch" -o APT::Sandbox::User=)
  say "Fetching newer sources of ${missing[*]} from Debian's suite $suite"
  apt-get "${apt[@]}" update >&2 || die "Cannot fetch the package lists of Debian's suite $suite: see above"
fi
for kmod in "${missing[@]}"; do
  package=${packages[$kmod]}
  mkdir "$scratch/out/$kmod"
  if [[ -n $(apt-cache "${apt[@]}" show "$package" 2>/dev/null) ]]; then
    (cd "$scratch/debs" && apt-get "${apt[@]}" download "$package" >&2)
    deb=("$scratch/debs/${package}_"*.deb)
    version=$(dpkg-deb -f "${deb[0]}" Version | sed -E 's/^[0-9]+://; s/-[^-]*$//; s/[~+]dfsg.*$//')
    dpkg-deb -x "${deb[0]}" "$scratch/$kmod"
    sources=("$scratch/$kmod"/usr/src/*/)
    [[ ${#sources[@]} == 1 && -d ${sources[0]} ]] || die "Cannot read \"${deb[0]}\": expected one folder in usr/src, found ${#sources[@]}"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='@0' --transform="s,^\.,$kmod-$version," \
      -C "${sources[0]}" -cf - . | gzip -9n >"$scratch/out/$kmod/$kmod-$version.tar.gz"
  fi
  # A kmod that the suite does not have is remembered, too: as a folder without an archive.
  write_file "$scratch/out/$kmod/.key" <<<"$(text_digest "$script" "$package")"
  write_dir "$scratch/out/$kmod" "$target/$kmod"
done
for kmod in "${kmods[@]}"; do
  if compgen -G "$target/$kmod/*.tar.gz" >/dev/null; then printf '%s\n' "$kmod"; fi
done
