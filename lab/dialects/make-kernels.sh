#!/usr/bin/env bash
# What:    makes two real kernels in the packaging of Enterprise Linux and of SUSE, with releases of their form.
# Inputs:  the lab made by make-lab.sh, whose first and changed kernel it takes in Debian's cloud flavour; the apt index; REKMOD_CACHE.
# Outputs: lab/kernels/{el,suse}/<uname -r>/*.rpm and lab/dialects/kernels.json in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/lib.sh
. "$here/../lib.sh"

# The names are as long as Debian's, so that they can be exchanged inside compiled modules.
el_release() { printf '%s.el12.x86_64' "${1//+/-}"; }
suse_release() { printf '%s.1.1-default' "${1//+/-}"; }

# repack <el|suse> <uname -r> <Debian's uname -r> <release that the raw RPMs have> <folder with the raw files>
repack() {
  local form=$1 release=$2 raw_release=$4 raw=$5 target=$LAB/kernels/$1/$2 old bare scratch
  bare=${release%.x86_64}
  bare=${bare%-default}
  scratch=$(mktemp -d "$LAB/kernels/.repack.XXXXXX")
  remove_at_exit "$scratch"
  mkdir -p "$scratch/devel" "$scratch/core" "$scratch/out"
  cp -a "$raw/usr/src/kernels/$raw_release" "$scratch/devel/tree"
  cp -a "$raw/lib/modules/$raw_release" "$scratch/core/modules"
  rm -f "$scratch/core/modules"/{build,source,modules.*.bin}
  # Debian's own name is left in .kernelvariables, which "make modules_install" heeds.
  for old in "$3" "$raw_release"; do
    [[ $old != "$release" ]] || continue
    grep -rlF "$old" "$scratch/devel/tree" "$scratch/core/modules" | xargs -r sed -i "s/${old//./\\.}/$release/g"
  done
  # Debian has it elsewhere.
  [[ -f $scratch/devel/tree/scripts/module.lds ]] || cp "$scratch/devel/tree/arch/x86/module.lds" "$scratch/devel/tree/scripts/"
  # What the kernel exports, as each vendor writes it; SUSE's CRCs have no leading zeros.
  if [[ $form == el ]]; then
    awk -F '\t' '{ printf "kernel(%s) = %s\n", $2, $1 }' "$scratch/devel/tree/Module.symvers" >"$scratch/ksyms"
  else
    awk -F '\t' '{ crc = $1; sub(/^0x0*/, "", crc); printf "ksym(default:%s) = %s\n", $2, (crc == "" ? "0" : crc) }' \
      "$scratch/devel/tree/Module.symvers" >"$scratch/ksyms"
  fi
  rpmbuild -bb --quiet --target x86_64 --define "_topdir $scratch/rpmbuild" --define "_dbpath $scratch/rpmdb" \
    --define "krelease $release" --define "kversion ${bare%%-*}" --define "kpackagerelease ${bare#*-}" \
    --define "staging $scratch" --define "ksyms $scratch/ksyms" "$here/kernel/$form-kernel.spec" >"$scratch/log" 2>&1 || {
    tail -n 20 "$scratch/log" >&2
    die "Cannot make the RPMs of $release"
  }
  mv "$scratch"/rpmbuild/RPMS/*/*.rpm "$scratch/out/"
  sign_rpms "$scratch"/out/*.rpm
  printf '%s\n' "$key" >"$scratch/out/.key"
  write_dir "$scratch/out" "$target"
  rm -rf "$scratch"
}

mapfile -t sources < <(awk '$1 == "first" || $1 == "changed" { print $3 }' "$LAB/kernels.txt")
((${#sources[@]} == 2)) || die "Cannot make the dialects' kernels: expected two of the lab's, found ${#sources[@]}; run lab/make-lab.sh"
digest=$(digest "$here/make-kernels.sh" "$here"/kernel/*.spec)
entries=()
for source in "${sources[@]}"; do
  base=${source%-amd64}
  el=$(el_release "$base") suse=$(suse_release "$base")
  key=$(text_digest "$digest" "$base")
  if ! is_made "$LAB/kernels/el/$el/.key" "$key" || ! is_made "$LAB/kernels/suse/$suse/.key" "$key"; then
    mapfile -t raw_rpms < <(bash "$here/../kernel-rpms.sh" "$el" "$base-cloud-amd64")
    say "Packing $base-cloud-amd64 as $el and as $suse"
    raw=$(mktemp -d "$LAB/kernels/.raw.XXXXXX")
    remove_at_exit "$raw"
    for rpm in "${raw_rpms[@]}"; do rpm2cpio "$rpm" | (cd "$raw" && cpio -idm --quiet); done
    repack el "$el" "$base-cloud-amd64" "$el" "$raw"
    repack suse "$suse" "$base-cloud-amd64" "$el" "$raw"
    rm -rf "$raw"
  fi
  entries+=("{\"el\": \"$el\", \"suse\": \"$suse\", \"source\": \"$base-cloud-amd64\"}")
done
{
  printf '[\n'
  printf '%s\n' "${entries[@]}" | sed -e 's/^/  /' -e '$!s/$/,/'
  printf ']\n'
} | write_file "$LAB/dialects/kernels.json"
