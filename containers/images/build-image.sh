#!/usr/bin/env bash
# What:    builds the builder image of a shipped target, so that its buildroots need little from the distribution's mirrors.
# Inputs:  <target> <base image by digest, registry/name@sha256:…>; a container engine; network to the distribution's repositories.
# Outputs: image rekmod/builder-<target>:<digest of Containerfile and base>, and what to write into rekmod.yaml on standard output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"

targets() { (cd "$here" && printf '%s\n' Containerfile.* | sed 's/^Containerfile\.//' | paste -sd ' '); }

[[ $# == 2 ]] || die "Cannot build an image: expected <target> <base>, found $# arguments; targets: $(targets)"
target=$1
base=$2
file=$here/Containerfile.$target
[[ $target =~ ^[a-z0-9.-]+$ && -f $file ]] || die "Cannot build an image for \"$target\": expected one of $(targets)"
# A tag is another image tomorrow, with another compiler; a name without host would be asked for where anybody may take it.
[[ $base =~ ^(localhost|[A-Za-z0-9-]*[.:][A-Za-z0-9.:-]*)/[A-Za-z0-9._:/-]+@sha256:[0-9a-f]{64}$ ]] ||
  die "Cannot build on \"$base\": expected an image by digest, <registry>/<name>@sha256:<64 hexadecimal digits>"

key=$(text_digest "$(digest "$file")" "$base")
image=rekmod/builder-$target:${key:0:12}
if ! engine image inspect "$image" >/dev/null 2>&1; then
  say "Building $image on $base"
  # The build needs no file but the Containerfile itself.
  engine build --pull --build-arg "BASE=$base" --label "org.rekmod.base=$base" --tag "$image" - <"$file" >&2
fi
printf 'targets:\n  %s: { image: "%s" }\n' "$target" "$image"
