#!/usr/bin/env bash
# What:    checks the lab: builds every kmod for every kernel, without network and root; installs one with dnf; a wrong CRC is refused.
# Inputs:  [<kmod name>…] to build only these; the lab made by make-lab.sh; a container engine; REKMOD_CACHE.
# Outputs: a table of seconds on standard output; RPMs under lab/check in the cache; exit code 0 when all of it holds.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=lab/lib.sh
. "$here/lib.sh"

image=$(sed -n 's/.*"image": "\([^"]*\)".*/\1/p' "$LAB/builder-image.json")
mapfile -t releases < <(awk '{ print $2 }' "$LAB/kernels.txt")
if (($#)); then names=("$@"); else mapfile -t names < <(cut -f 1 "$here/kmods/kmods.tsv"); fi

check=$LAB/check
rm -rf "$check"
mkdir -p "$check/logs"
bash "$here/release-kernel.sh" "$check/stream" "${releases[@]}"

container="rekmod-lab-check-$$"
remove_container() { engine rm --force "$container" >/dev/null 2>&1 || true; }
trap remove_container EXIT

# dnf_run <name of the image to keep, or ''> <script>: a container of the builder image that sees the stream and the kmods.
dnf_run() {
  local keep=$1 status=0
  engine run --name "$container" --network none \
    --volume "$check:/check:ro" --volume "$LAB/upstream:/upstream:ro" "$image" bash -euc "
    rpm --import /upstream/RPM-GPG-KEY-rekmod-lab-upstream 2>/dev/null
    printf '[stream]\nname=stream\nbaseurl=file:///check/stream\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file:///upstream/RPM-GPG-KEY-rekmod-lab-upstream\n' >/etc/yum.repos.d/stream.repo
    $2" >&2 || status=$?
  [[ -z $keep || $status != 0 ]] || engine commit "$container" "$keep" >/dev/null
  remove_container
  return "$status"
}

printf '%-16s %-18s %8s %6s %8s %6s\n' kmod kernel seconds .ko kernel'()' ksym'()'
for release in "${releases[@]}"; do
  spelling=$(rpm_spelling "$release")
  root=rekmod-lab/check:${release//+/_}
  say "Installing kernel-devel of $release with dnf"
  dnf_run "$root" "dnf -y -q --setopt=tsflags=nodocs install 'kernel-devel-uname-r = $spelling'" 2>"$check/logs/devel-$release.log" ||
    die "Cannot install kernel-devel of $release: see $check/logs/devel-$release.log"
  for name in "${names[@]}"; do
    out=$check/kmods/$release
    mkdir -p "$out"
    chmod 0777 "$out"
    began=$(date +%s%N)
    engine run --rm --network none --read-only --user 1000 --cap-drop ALL --pids-limit 512 \
      --tmpfs /tmp --tmpfs /build:exec,uid=1000,mode=0755 --volume "$LAB/kmods/$name:/sources:ro" --volume "$out:/out" \
      --volume "$here/build-kmod.sh:/build-kmod.sh:ro" "$root" \
      bash /build-kmod.sh "/sources/$name-kmod.spec" "$release" >"$check/logs/$name-$release.log" 2>&1 ||
      die "Cannot build $name for $release: see $check/logs/$name-$release.log"
    took=$((($(date +%s%N) - began) / 100000000))
    rpms=("$out/kmod-$name"-*.x86_64.rpm)
    [[ -f ${rpms[0]} ]] || die "Cannot find the RPM of $name for $release"
    modules=$(rpm -qpl "${rpms[0]}" 2>/dev/null | grep -c "^/lib/modules/$release/extra/$name/.*\.ko$") || die "No modules in ${rpms[0]}"
    scratch=$(mktemp -d)
    (cd "$scratch" && rpm2cpio "${rpms[0]}" | cpio -idm --quiet)
    while read -r module; do
      [[ $(/sbin/modinfo -F vermagic "$module") == "$release "* ]] || die "Wrong vermagic in $module of $name for $release"
    done < <(find "$scratch" -name '*.ko')
    rm -rf "$scratch"
    printf '%-16s %-18s %6s.%s %6s %8s %6s\n' "$name" "$release" $((took / 10)) $((took % 10)) "$modules" \
      "$(rpm -qp --requires "${rpms[0]}" 2>/dev/null | grep -c '^kernel(' || true)" \
      "$(rpm -qp --requires "${rpms[0]}" 2>/dev/null | grep -c '^ksym(' || true)"
  done
  engine rmi "$root" >/dev/null
done

first=${releases[0]} changed=${releases[1]} same=${releases[2]}
kmod=${names[0]}
for release in "$first" "$changed"; do createrepo_c --quiet --no-database "$check/kmods/$release" >&2; done

# dnf_install <kernels in the stream> <where the kmod comes from> <script's end>
say "dnf installs kmod-$kmod for $first and takes kernel-core along"
rm -rf "$check/stream"
bash "$here/release-kernel.sh" "$check/stream" "$first"
repo() { printf 'printf "[kmods]\\nname=kmods\\nbaseurl=file:///check/kmods/%s\\ngpgcheck=0\\n" >/etc/yum.repos.d/kmods.repo;' "$1"; }
dnf_run '' "$(repo "$first") dnf -y -q install kmod-$kmod; rpm -q kmod-$kmod kernel-core; test -f /lib/modules/$first/modules.dep;
  grep -q 'extra/$kmod/' /lib/modules/$first/modules.dep" || die "dnf did not install kmod-$kmod with its kernel"

say "dnf refuses kmod-$kmod of $changed where only $first is offered"
if dnf_run '' "$(repo "$changed") sed -i s/x/x/ /etc/yum.repos.d/kmods.repo; dnf -y -q install kmod-$kmod" 2>"$check/logs/refused.log"; then
  die "dnf installed a kmod whose CRCs do not fit: see $check/logs/refused.log"
fi
grep -E -m 1 'nothing provides kernel' "$check/logs/refused.log" >&2 || die "dnf refused for another reason: see $check/logs/refused.log"

say "dnf takes kmod-$kmod of $changed with the kernel $same: equal kABI needs no rebuild"
rm -rf "$check/stream"
bash "$here/release-kernel.sh" "$check/stream" "$first" "$same"
dnf_run '' "$(repo "$changed") dnf -y -q install kmod-$kmod; rpm -q kmod-$kmod kernel-core; rpm -q kernel-core | grep -q '${same%-amd64}'" ||
  die "dnf did not install kmod-$kmod of $changed with kernel $same"
say "The lab holds what it promises"
