#!/usr/bin/env bash
# What:    makes kernel-devel and kernel-core RPMs in RHEL's layout from Debian's packages of one kernel.
# Inputs:  <uname -r>, e.g. 6.1.0-54-amd64 [release to repackage under this name, when Debian has no such kernel]; REKMOD_CACHE.
# Outputs: lab/kernels/<uname -r>/ in the cache: two signed RPMs, Module.symvers; the paths of the RPMs on standard output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

[[ $# -ge 1 && $# -le 2 ]] || die "Cannot make kernel RPMs: expected <uname -r> [release to repackage], found $# arguments"
release=$1
source_release=${2:-$1}
# Only names of equal length can be exchanged inside compiled modules.
((${#release} == ${#source_release})) ||
  die "Cannot repackage \"$source_release\" as \"$release\": expected names of equal length"

target=$LAB/kernels/$release
key=$(text_digest "$(digest "$here/kernel-rpms.sh" "$here/lib.sh" "$here"/kernel/*.spec)" "$release" "$source_release")
spelling=$(rpm_spelling "$release")
version=${spelling%%-*}
package_release=${spelling#*-}
devel=kernel-devel-$spelling.x86_64.rpm
core=kernel-core-$spelling.x86_64.rpm
if is_made "$target/.key" "$key"; then
  printf '%s\n' "$target/$devel" "$target/$core"
  exit 0
fi

upstream_key
say "Making kernel-devel and kernel-core of $release"
started=$SECONDS
mkdir -p "$LAB/kernels"
scratch=$(mktemp -d "$LAB/kernels/.make.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

headers=linux-headers-$source_release
kbuild=$(apt-cache show --no-all-versions "$headers" | grep -oE 'linux-kbuild-[^ ,]+' | head -n 1)
common=$(apt-cache show --no-all-versions "$headers" | grep -oE 'linux-headers-[^ ,]+-common' | head -n 1)
mapfile -t debs < <(fetch_deb "$headers" "$common" "$kbuild" "linux-image-$source_release")
((${#debs[@]} == 4)) || die "Cannot make kernel RPMs of \"$source_release\": expected four debs, found ${#debs[@]}"

# The build tree: common headers, overlaid by the build programs, overlaid by the flavour's configuration.
tree=$scratch/devel/usr/src/kernels/$release
mkdir -p "$tree" "$scratch/devel/lib/modules/$release" "$scratch/debs"
dpkg-deb -x "${debs[1]}" "$scratch/debs/common"
dpkg-deb -x "${debs[2]}" "$scratch/debs/kbuild"
dpkg-deb -x "${debs[0]}" "$scratch/debs/flavour"
rm -f "$scratch/debs/common/usr/src/$common"/{scripts,tools}
rm -f "$scratch/debs/flavour/usr/src/$headers"/{Makefile,scripts,tools}
cp -al "$scratch/debs/common/usr/src/$common/." "$tree/"
cp -al --remove-destination "$scratch/debs/kbuild/usr/lib/linux-kbuild"*/. "$tree/"
cp -al --remove-destination "$scratch/debs/flavour/usr/src/$headers/." "$tree/"
ln -s "/usr/src/kernels/$release" "$scratch/devel/lib/modules/$release/build"
ln -s build "$scratch/devel/lib/modules/$release/source"
# Debian names the release in the Makefile that was left out; "make modules_install" reads it from here.
write_file "$tree/include/config/kernel.release" <<<"$release"
cp "$tree/Module.symvers" "$scratch/Module.symvers"

# The kernel itself.
dpkg-deb -x "${debs[3]}" "$scratch/debs/image"
modules=$scratch/core/lib/modules/$release
mkdir -p "$scratch/core/boot" "$modules"
mv "$scratch/debs/image/lib/modules/$source_release"/* "$modules/"
rm -f "$modules"/{build,source}
for file in vmlinuz System.map config; do
  mv "$scratch/debs/image/boot/$file-$source_release" "$modules/$file"
  ln "$modules/$file" "$scratch/core/boot/$file-$release"
done
gzip -9nc "$scratch/Module.symvers" >"$modules/symvers.gz"
ln "$modules/symvers.gz" "$scratch/core/boot/symvers-$release.gz"
awk -F '\t' '{ printf "kernel(%s) = %s\n", $2, $1 }' "$scratch/Module.symvers" >"$scratch/ksyms"

if [[ $source_release != "$release" ]]; then
  grep -rlF "$source_release" "$tree/include" "$modules" | xargs -r sed -i "s/${source_release//./\\.}/$release/g"
fi

# build_rpm <spec> <staging folder>
build_rpm() {
  rpmbuild -bb --quiet --target x86_64 --define "_topdir $scratch/rpmbuild" --define "_dbpath $scratch/rpmdb" \
    --define "krelease $release" --define "kversion $version" --define "kpackagerelease $package_release" \
    --define "staging $2" --define "ksyms $scratch/ksyms" "$here/kernel/$1.spec" >&2
}
build_rpm kernel-devel "$scratch/devel"
build_rpm kernel-core "$scratch/core"
mkdir "$scratch/out"
mv "$scratch/rpmbuild/RPMS/x86_64/$devel" "$scratch/rpmbuild/RPMS/x86_64/$core" "$scratch/Module.symvers" "$scratch/out/"
sign_rpms "$scratch/out/$devel" "$scratch/out/$core"
printf '%s\n' "$key" >"$scratch/out/.key"
write_dir "$scratch/out" "$target"
say "Kernel $release made in $((SECONDS - started)) s"
printf '%s\n' "$target/$devel" "$target/$core"
