#!/usr/bin/env bash
# What:    makes the image of the lab's clients: the builder image, whose dnf is Red Hat's, with SUSE's zypper.
# Inputs:  the lab's builder image (builder-image.sh); the apt sources in it; a container engine; REKMOD_CACHE.
# Outputs: image rekmod-lab/client:<digest>, its name on standard output; a second when it is made.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"

record=$CACHE/lab/builder-image.json
[[ -f $record ]] || die "Cannot make the client image: expected $record, found none; run lab/make-lab.sh"
builder=$(sed -nE 's/.*"image": "([^"]+)".*/\1/p' "$record")
key=$(text_digest "$(digest "$here/client-image.sh")" "$builder")
image=rekmod-lab/client:${key:0:12}

if ! engine image inspect "$image" >/dev/null 2>&1; then
  say "Making the client image $image"
  container=rekmod-lab-client-$$
  trap 'engine rm --force "$container" >/dev/null 2>&1 || true' EXIT
  # shellcheck disable=SC2016 # for the shell in the container
  engine run --network host --name "$container" "$builder" sh -ec '
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends zypper
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin' >&2
  engine commit --change 'LABEL org.rekmod.lab=client' "$container" "$image" >/dev/null
fi
printf '%s\n' "$image"
