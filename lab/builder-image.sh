#!/usr/bin/env bash
# What:    makes the lab's builder image: a small Debian with the compiler, rpmbuild and dnf, named like RHEL's packages.
# Inputs:  the machine's apt sources; lab/builder/*; a container engine; REKMOD_CACHE.
# Outputs: image rekmod-lab/builder:<digest>, and lab/builder-image.json in the cache with its name and id.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/../scripts/lib/debian.sh"

packages=rpm,gcc,make,libc6-dev,libelf-dev,bc,kmod,cpio,python3-minimal,libssl-dev,flex,bison,patch,diffutils,file,xz-utils,zstd,bzip2
packages+=,ca-certificates,dnf,dnf-plugins-core,createrepo-c,dkms
# linux-kbuild of 6.12 needs pahole for type information, some DKMS packages the rest, the last one's sources.
packages+=,pahole,gawk,pkg-config,iptables,libxtables-dev,xtables-addons-dkms

key=$(digest "$here/builder-image.sh" "$here"/builder/*)
image=rekmod-lab/builder:${key:0:12}
record=$CACHE/lab/builder-image.json

image_id() { engine image inspect --format '{{.Id}}' "$image" 2>/dev/null || true; }

record_image() {
  local id=$1
  [[ $id == sha256:* ]] || id=sha256:$id
  printf '{\n  "image": "%s",\n  "id": "%s"\n}\n' "$image" "$id" | write_file "$record"
}

id=$(image_id)
if [[ -n $id ]]; then
  record_image "$id"
  exit 0
fi

[[ $(debian_codename) == bookworm ]] || die "Cannot make the builder image: expected Debian 12 (bookworm), found $(debian_codename)"
have mmdebstrap || die "Cannot make the builder image: expected mmdebstrap, found none; run scripts/setup.sh"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/rekmod-lab-builder.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

rpmbuild -bb --quiet --define "_topdir $scratch/rpmbuild" "$here/builder/rekmod-lab-base.spec" >&2
cp "$scratch"/rpmbuild/RPMS/noarch/rekmod-lab-base-*.rpm "$scratch/base.rpm"
debian_sources >"$scratch/sources.list"
[[ -s $scratch/sources.list ]] || die "Cannot make the builder image: expected Debian's main archive among apt's sources, found none"

# What the image needs beyond Debian's packages; $1 is the root of the new system.
cat >"$scratch/customize" <<HOOK
set -eu
root=\$1
install -D -m 0644 "$here/builder/macros.rekmod-lab" "\$root/usr/lib/rpm/macros.d/macros.rekmod-lab"
install -D -m 0755 -t "\$root/usr/lib/rpm/redhat" "$here/builder/find-requires.ksyms" "$here/builder/find-provides.ksyms"
install -m 0644 "$scratch/base.rpm" "\$root/base.rpm"
chroot "\$root" rpm --dbpath /var/lib/rpm -i /base.rpm
rm "\$root/base.rpm"
echo 'builder:x:1000:' >>"\$root/etc/group"
echo 'builder:x:1000:1000:rekmod builder:/build:/bin/bash' >>"\$root/etc/passwd"
install -d -m 0755 -o 1000 -g 1000 "\$root/build"
rm -rf "\$root"/etc/yum.repos.d/* "\$root"/var/cache/apt/* "\$root"/var/lib/apt/lists/* "\$root"/var/cache/dnf
mkdir -p "\$root/etc/yum.repos.d"
HOOK

say "Making the builder image $image (about a minute)"
mmdebstrap --quiet --variant=minbase --mode=auto --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
  --aptopt='APT::Install-Recommends "false"' \
  --customize-hook="sh '$scratch/customize' \"\$1\"" \
  bookworm "$scratch/builder.tar" "$scratch/sources.list" >&2
engine import --change 'ENV LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/build' --change 'WORKDIR /build' \
  --change 'CMD ["/bin/bash"]' --change 'LABEL org.rekmod.lab=builder' \
  "$scratch/builder.tar" "$image" >/dev/null
id=$(image_id)
[[ -n $id ]] || die "Cannot find the image \"$image\" after importing it"
record_image "$id"
say "Builder image made: $image"
