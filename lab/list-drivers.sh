#!/usr/bin/env bash
# What:    shows a driver disk as anaconda's dd_list and dd_extract see it, with rpm's own tools and comparison.
# Inputs:  <folder of RPMs> <uname -r of the installer> [folder to extract the listed packages' modules and firmware to].
# Outputs: a line a listed package: name, a tab, the provide that fits; nothing for packages that anaconda passes over.
set -euo pipefail

(($# == 2 || $# == 3)) || { echo "Cannot list drivers: expected <folder> <uname -r> [output], found $# arguments" >&2; exit 2; }
folder=$1
release=$2
output=${3:-}

# compare <version> <version>: -1, 0 or 1, by rpmvercmp() itself. To it all separators are equal; Lua's function would
# take what follows a dash for a release.
compare() { rpm --eval "%{lua: print(rpm.vercmp('${1//-/.}', '${2//-/.}'))}"; }

# fits <operator> <version>: matchVersions() of anaconda's dracut/dd/rpmutils.c.
fits() {
  case $(compare "$release" "$2") in
    -1) [[ $1 == *'<'* ]] ;;
    0) [[ $1 == *'='* ]] ;;
    *) [[ $1 == *'>'* ]] ;;
  esac
}

# extract <rpm>: dlabelFilter() of dracut/dd/dd_extract.c, for a package of modules and firmware.
extract() {
  rpm2cpio "$1" | (cd "$output" && cpio -idm --quiet './lib/firmware/*' '*.ko' '*.ko.gz' '*.ko.xz' '*.ko.bz2' '*.ko.zst')
}

shopt -s nullglob
for rpm in "$folder"/*.rpm; do
  found=
  while read -r name operator version; do
    # Versions with other characters than these are none that rpm can compare, nor a text that Lua may be given.
    if [[ $name == kernel-modules && $version =~ ^[A-Za-z0-9._+~:^-]+$ ]] && fits "$operator" "$version"; then
      found="$name $operator $version"
    fi
  done < <(rpm -qp --nosignature --queryformat '[%{PROVIDENAME} %{PROVIDEFLAGS:depflags} %{PROVIDEVERSION}\n]' "$rpm" 2>/dev/null)
  [[ -n $found ]] || continue
  printf '%s\t%s\n' "$(rpm -qp --nosignature --queryformat '%{NAME}' "$rpm" 2>/dev/null)" "$found"
  [[ -z $output ]] || extract "$rpm"
done
