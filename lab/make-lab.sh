#!/usr/bin/env bash
# What:    makes the lab: builder image, three kernels as RPMs in RHEL's layout, sources of real kmods. Seconds when made.
# Inputs:  [--refresh] chooses the kernels anew from the apt index; LAB_SERIES, LAB_REPACKAGE (see choose-kernels.sh), REKMOD_CACHE.
# Outputs: lab/ in the cache, its path on standard output; builder-image.json, kernels.json and kmods.json describe it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

case ${1:-} in
  '') ;;
  --refresh) rm -f "$LAB/.made" "$LAB/.chosen" ;;
  *) die "Cannot make the lab: expected --refresh or nothing, found \"$1\"" ;;
esac

shopt -s globstar
files=("$here"/{make-lab,lib,builder-image,choose-kernels,kernel-rpms,kmod-sources}.sh "$here"/../scripts/lib/{common,debian}.sh "$here"/builder/* "$here"/kernel/* "$here"/kmods/*.tsv "$here"/kmods/**/*.spec)
key=$(text_digest "$(digest "${files[@]}")" "${LAB_SERIES:-}" "${LAB_REPACKAGE:-}")

if is_made "$LAB/.made" "$key" && [[ -f $LAB/kernels.json && -f $LAB/kmods.json ]]; then
  bash "$here/builder-image.sh" # the engine may have lost the image since
  say "The lab is ready: $LAB"
  printf '%s\n' "$LAB"
  exit 0
fi

for tool in apt-get dpkg-deb rpmbuild rpmsign createrepo_c gpg mmdebstrap; do
  have "$tool" || die "Cannot make the lab: expected the program \"$tool\", found none; run scripts/setup.sh"
done
[[ $(debian_codename) == bookworm ]] || die "Cannot make the lab: expected Debian 12 (bookworm), found \"$(debian_codename)\""
started=$SECONDS
mkdir -p "$LAB"
update_apt_lists
upstream_key

# The image and the sources are made beside the kernels: there are two processors and much waiting for downloads.
(bash "$here/builder-image.sh" && bash "$here/kmod-sources.sh") &
beside=$!

chosen_key=$(text_digest "$(digest "$here/choose-kernels.sh")" "${LAB_SERIES:-}" "${LAB_REPACKAGE:-}")
if ! is_made "$LAB/.chosen" "$chosen_key"; then
  bash "$here/choose-kernels.sh" | write_file "$LAB/kernels.txt"
  write_file "$LAB/.chosen" <<<"$chosen_key"
fi

entries=()
while read -r role release source lost added changed <&3; do
  mapfile -t rpms < <(bash "$here/kernel-rpms.sh" "$release" "$source")
  ((${#rpms[@]} == 2)) || die "Cannot make kernel $release: expected two RPMs, found ${#rpms[@]}"
  repackaged=false
  [[ $source == "$release" ]] || repackaged=true
  entries+=("$(printf '{"role": "%s", "release": "%s", "version": "%s", "repackaged": %s, "rpms": ["%s", "%s"], "symvers": "%s", "deltaToPrevious": {"lost": %s, "added": %s, "changed": %s}}' \
    "$role" "$release" "$(rpm_spelling "$release")" "$repackaged" "${rpms[@]}" "$LAB/kernels/$release/Module.symvers" "$lost" "$added" "$changed")")
done 3<"$LAB/kernels.txt"
{
  printf '[\n'
  printf '%s\n' "${entries[@]}" | sed -e 's/^/  /' -e '$!s/$/,/'
  printf ']\n'
} | write_file "$LAB/kernels.json"

wait "$beside" || die "Cannot make the lab: the builder image or the kmods' sources failed, see above"
write_file "$LAB/.made" <<<"$key"
say "The lab was made in $((SECONDS - started)) s: $LAB"
printf '%s\n' "$LAB"
