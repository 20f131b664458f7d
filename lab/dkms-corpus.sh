#!/usr/bin/env bash
# What:    converts every DKMS package of Debian's archive with `rekmod import dkms` and builds it, without network and root.
# Inputs:  <uname -r> of a lab kernel, [<package>…]; the lab made by make-lab.sh; the apt index; a container engine; REKMOD_CACHE.
# Outputs: a table on standard output; specs, logs and RPMs under lab/dkms in the cache. What does not build is given to dkms
#          itself in the same image: exit code 0 when all were converted and all that dkms can build were built.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

release=${1:?a lab kernel as uname -r says it}
shift
if (($#)); then packages=("$@"); else
  # dh-dkms is a tool for packagers.
  mapfile -t packages < <(apt-cache search --names-only -- '-dkms$' | cut -d ' ' -f 1 | grep -vx dh-dkms | sort)
fi
mapfile -t debs < <(fetch_deb "${packages[@]}")
((${#debs[@]} == ${#packages[@]})) || die "Cannot convert the packages: expected ${#packages[@]} debs, found ${#debs[@]}"

image=$(sed -n 's/.*"image": "\([^"]*\)".*/\1/p' "$LAB/builder-image.json")
devel=$LAB/kernels/$release/kernel-devel-$(rpm_spelling "$release").x86_64.rpm
[[ -f $devel ]] || die "Cannot find the lab's kernel-devel of \"$release\": expected \"$devel\""
out=$LAB/dkms/$release
rm -rf "$out"
mkdir -p "$out"
root=rekmod-lab/dkms:${release//+/_}-$$
container=rekmod-lab-dkms-$$
trap 'engine rm --force "$container" >/dev/null 2>&1 || true; engine rmi "$root" >/dev/null 2>&1 || true' EXIT

say "Installing kernel-devel of $release"
engine run --name "$container" --network none --volume "$devel:/kernel-devel.rpm:ro" "$image" \
  rpm -i --nodeps /kernel-devel.rpm >&2
engine commit "$container" "$root" >/dev/null
engine rm --force "$container" >/dev/null

# dkms_builds <folder with the unpacked deb> <log>: whether dkms(8) itself can build it in the same image.
dkms_builds() {
  local tree
  tree=$(dirname "$1"/usr/src/*/dkms.conf)
  # shellcheck disable=SC2016 # for the container's shell
  engine run --rm --name "$container" --network none --volume "$tree:/tree:ro" "$root" \
    timeout -k 10 3600 bash -euc '
      name=$(sed -n "s/^PACKAGE_NAME=\"*\([^\"]*\)\"*/\1/p" /tree/dkms.conf)
      version=$(sed -n "s/^PACKAGE_VERSION=\"*\([^\"]*\)\"*/\1/p" /tree/dkms.conf)
      cp -a /tree "/usr/src/$name-$version"
      dkms add -m "$name" -v "$version"
      dkms build -m "$name" -v "$version" -k "$1" -a x86_64 || { cat "/var/lib/dkms/$name/$version/build/make.log"; exit 1; }
    ' bash "$release" >"$2" 2>&1
}

converted=0 built=0 lost=0
printf '%-28s %-9s %-5s %-5s %7s  %s\n' package converted built dkms seconds 'modules, or the first error'
for i in "${!packages[@]}"; do
  name=${packages[i]} target=$out/${packages[i]}
  mkdir -p "$target/rpms"
  if ! "$here/../bin/rekmod" import dkms "${debs[i]}" --output "$target/kmod" >"$target/import.log" 2>&1; then
    printf '%-28s %-9s %-5s %-5s %7s  %s\n' "$name" no - - - "$(head -n 1 "$target/import.log")"
    continue
  fi
  converted=$((converted + 1))
  specs=("$target"/kmod/*.spec)
  chmod 0777 "$target/rpms"
  began=$(date +%s%N)
  status=0
  engine run --rm --name "$container" --network none --read-only --user 1000 --cap-drop ALL --pids-limit 512 \
    --tmpfs /tmp --tmpfs /build:exec,uid=1000,mode=0755 --volume "$target/kmod:/sources:ro" --volume "$target/rpms:/out" \
    --volume "$here/build-kmod.sh:/build-kmod.sh:ro" "$root" \
    timeout -k 10 3600 bash /build-kmod.sh "/sources/${specs[0]##*/}" "$release" >"$target/build.log" 2>&1 || status=$?
  took=$((($(date +%s%N) - began) / 100000000))
  if ((status)); then
    dpkg-deb -x "${debs[i]}" "$target/tree"
    dkms=no
    if dkms_builds "$target/tree" "$target/dkms.log"; then dkms=yes lost=$((lost + 1)); fi
    found=$(grep -m 1 -E '(^|[^a-z])[Ee]rror: |^ERROR: modpost|cannot stat' "$target/build.log" | sed -E 's,/build/rpmbuild/BUILD/,,' | cut -c 1-110 || true)
    printf '%-28s %-9s %-5s %-5s %5s.%s  %s\n' "$name" yes no "$dkms" $((took / 10)) $((took % 10)) "${found:-$(tail -n 1 "$target/build.log")}"
    continue
  fi
  built=$((built + 1))
  modules=$(rpm -qpl "$target"/rpms/*.rpm 2>/dev/null | grep -c "^/lib/modules/$release/extra/.*\.ko$" || true)
  printf '%-28s %-9s %-5s %-5s %5s.%s  %s\n' "$name" yes yes - $((took / 10)) $((took % 10)) "$modules"
done
printf 'packages: %s, converted: %s, built: %s, built by dkms only: %s\n' "${#packages[@]}" "$converted" "$built" "$lost"
((converted == ${#packages[@]} && lost == 0))
