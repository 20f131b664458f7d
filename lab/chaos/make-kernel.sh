#!/usr/bin/env bash
# What:    makes a kernel's next release from one of the lab's: other name, and another CRC of module_layout, which every module uses.
# Inputs:  <uname -r of the new one> <uname -r of the lab's kernel>, names of equal length; REKMOD_CACHE.
# Outputs: lab/kernels/chaos/<uname -r>/ in the cache: signed kernel-devel and kernel-core, Module.symvers. kernel-core has no image
#          and no modules: it is listed and resolved, never booted.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/lib.sh
. "$here/../lib.sh"

[[ $# == 2 ]] || die "Cannot make a kernel: expected <new release> <release>, found $# arguments"
release=$1
source=$2
((${#release} == ${#source})) || die "Cannot name \"$source\" \"$release\": expected names of equal length"
target=$LAB/kernels/chaos/$release
specs=$here/../kernel
key=$(text_digest "$(digest "$here/make-kernel.sh" "$here/../lib.sh" "$specs"/*.spec "$LAB/kernels/$source/.key")" "$release")
is_made "$target/.key" "$key" && exit 0

upstream_key
say "Making the release $release from $source"
mkdir -p "$LAB/kernels/chaos"
scratch=$(mktemp -d "$LAB/kernels/.make.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
spelling=$(rpm_spelling "$release")
version=${spelling%%-*}
package_release=${spelling#*-}

mkdir "$scratch/devel"
rpm2cpio "$LAB/kernels/$source/kernel-devel-$(rpm_spelling "$source").x86_64.rpm" | (cd "$scratch/devel" && cpio --quiet -idm)
tree=$scratch/devel/usr/src/kernels/$release
mv "$scratch/devel/usr/src/kernels/$source" "$tree"
mv "$scratch/devel/lib/modules/$source" "$scratch/devel/lib/modules/$release"
ln -sfn "/usr/src/kernels/$release" "$scratch/devel/lib/modules/$release/build"
grep -rlF "$source" "$tree/include" | xargs -r sed -i "s/${source//./\\.}/$release/g"
crc=0x$(text_digest "$release" | cut -c 1-8)
awk -F '\t' -v OFS='\t' -v crc="$crc" '$2 == "module_layout" { $1 = crc } { print }' "$tree/Module.symvers" >"$scratch/Module.symvers"
cp "$scratch/Module.symvers" "$tree/Module.symvers"

modules=$scratch/core/lib/modules/$release
mkdir -p "$scratch/core/boot" "$modules/kernel"
touch "$modules"/modules.{order,builtin}
for file in vmlinuz System.map config; do
  printf 'This kernel is listed, never booted.\n' >"$modules/$file"
  ln "$modules/$file" "$scratch/core/boot/$file-$release"
done
gzip -9nc "$scratch/Module.symvers" >"$modules/symvers.gz"
ln "$modules/symvers.gz" "$scratch/core/boot/symvers-$release.gz"
awk -F '\t' '{ printf "kernel(%s) = %s\n", $2, $1 }' "$scratch/Module.symvers" >"$scratch/ksyms"

# build_rpm <spec> <staging folder>
build_rpm() {
  rpmbuild -bb --quiet --target x86_64 --define "_topdir $scratch/rpmbuild" --define "_dbpath $scratch/rpmdb" \
    --define "krelease $release" --define "kversion $version" --define "kpackagerelease $package_release" \
    --define "staging $2" --define "ksyms $scratch/ksyms" "$specs/$1.spec" >&2
}
build_rpm kernel-devel "$scratch/devel"
build_rpm kernel-core "$scratch/core"
mkdir "$scratch/out"
mv "$scratch"/rpmbuild/RPMS/x86_64/*.rpm "$scratch/Module.symvers" "$scratch/out/"
sign_rpms "$scratch/out"/*.rpm
printf '%s\n' "$key" >"$scratch/out/.key"
write_dir "$scratch/out" "$target"
