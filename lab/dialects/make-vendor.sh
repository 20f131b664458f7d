#!/usr/bin/env bash
# What:    makes the vendors' repositories: the macros and tools that kmod specs of Enterprise Linux and SUSE count on.
# Inputs:  lab/dialects/vendor/{el,suse}; REKMOD_CACHE.
# Outputs: lab/dialects/vendor/{el,suse}/ in the cache, rpm-md repositories; the packages' release on standard output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/lib.sh
. "$here/../lib.sh"

target=$LAB/dialects/vendor
# Other packages have another name, so that no buildroot of before is taken for one with these.
key=$(digest "$here/make-vendor.sh" "$here"/vendor/*/*)
release=lab${key:0:12}
if ! is_made "$target/.key" "$key"; then
  say "Making the vendors' macros"
  mkdir -p "$LAB/dialects"
  scratch=$(mktemp -d "$LAB/dialects/.make.XXXXXX")
  remove_at_exit "$scratch"
  for vendor in el suse; do
    for spec in "$here/vendor/$vendor"/*.spec; do
      rpmbuild -bb --quiet --define "_topdir $scratch/rpmbuild" --define "_dbpath $scratch/rpmdb" --define "_sourcedir $here/vendor/$vendor" \
        --define "lab_release $release" --define "_rpmdir $scratch/out/$vendor" --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' "$spec" >&2
    done
    createrepo_c --quiet --no-database "$scratch/out/$vendor" >&2
  done
  write_file "$scratch/out/.key" <<<"$key"
  write_dir "$scratch/out" "$target"
fi
printf '%s\n' "$release"
