#!/usr/bin/env bash
# What:    builds rekmod's RPM from the last commit and the npm packages that are installed; nothing is fetched.
# Inputs:  argument 1: a folder for the result; node_modules of the checkout; environment REKMOD_DIST for a %{dist}.
# Outputs: rekmod-<version>-1<dist>.<arch>.rpm in that folder; its path on stdout.
set -euo pipefail

[[ $# -eq 1 ]] || { echo "Usage: $0 <folder>" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$1"
result=$(cd "$1" && pwd)
version=$(node -p 'JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).version' "$root/package.json")
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
tree=$top/rekmod-$version
mkdir -p "$tree" "$top/SOURCES"

# list_packages: folders of the npm packages that rekmod runs on, relative to the checkout.
list_packages() {
  (cd "$root" && node -e '
    const { packages } = JSON.parse(require("node:fs").readFileSync("package-lock.json", "utf8"));
    for (const [path, { dev, devOptional }] of Object.entries(packages))
      if (path !== "" && !dev && !devOptional && require("node:fs").existsSync(path)) console.log(path);')
}

git -C "$root" archive HEAD | tar -x -C "$tree"
# Nested packages are listed apart, so those of the development tools stay out.
list_packages | while read -r package; do
  mkdir -p "$tree/$package"
  tar -c -C "$root/$package/" --exclude ./node_modules . | tar -x -C "$tree/$package"
done
# Temporal's core comes built for every system there is, some 30 MiB each.
find "$tree/node_modules/@temporalio/core-bridge/releases" -mindepth 1 -maxdepth 1 \
  ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +
tar -c -C "$top" "rekmod-$version" | gzip -1 >"$top/SOURCES/rekmod-$version.tar.gz"
rm -rf "$tree"
rpmbuild -bb --quiet --define "_topdir $top" --define "_rpmdir $result" --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
  --define "_binary_payload w3.zstdio" --define "rekmod_version $version" ${REKMOD_DIST:+--define "dist $REKMOD_DIST"} \
  "$root/packaging/rekmod.spec" >&2
printf '%s\n' "$result/rekmod-$version-1${REKMOD_DIST:-}.$(uname -m).rpm"
