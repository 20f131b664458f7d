#!/usr/bin/env bash
# What:    makes a bare Debian 12 (best effort: Fedora, RHEL) ready for rekmod; under a second when all is there.
# Inputs:  [--quick-only] for Node and npm packages alone; REKMOD_CACHE, DOCKER_HOST, TEMPORAL_ADDRESS; root or sudo to install.
# Outputs: programs, node_modules, a container engine that answers, Temporal; env.sh in the cache; one line a part at the end.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/debian.sh
. "$here/lib/debian.sh"
# shellcheck source=scripts/lib/system.sh
. "$here/lib/system.sh"
# shellcheck source=scripts/lib/node.sh
. "$here/lib/node.sh"
# shellcheck source=scripts/lib/engine.sh
. "$here/lib/engine.sh"
# shellcheck source=scripts/lib/temporal.sh
. "$here/lib/temporal.sh"

quick=no
case ${1:-} in
  '') ;;
  --quick-only) quick=yes ;;
  *) die "Cannot set up: expected --quick-only or nothing, found \"$1\"" ;;
esac

report() { printf '%-14s %s\n' "$1" "$2" >&2; }

# write_env: what Makefile recipes source; only what the machine does not have by itself.
write_env() {
  local socket
  socket=$(engine_socket || true)
  # shellcheck disable=SC2016 # $PATH is for the reader of the file
  {
    printf '# Written by scripts/setup.sh; sourced by the Makefile.\n'
    [[ -z $NODE_BIN ]] || printf 'export PATH=%q:$PATH\n' "$NODE_BIN"
    [[ ! -x $CACHE/bin/temporal ]] || printf 'export PATH=%q:$PATH\n' "$CACHE/bin"
    # Clients look for Docker's usual socket by themselves.
    if [[ $socket == /* && $socket != /var/run/docker.sock ]]; then
      printf 'export DOCKER_HOST=unix://%q\n' "$socket"
    fi
  } | write_file "$CACHE/env.sh"
}

# engine_version: name and version that the engine tells of itself.
engine_version() {
  [[ $ENGINE_SOCKET == /* ]] || return 0
  curl --silent --max-time 3 --unix-socket "$ENGINE_SOCKET" http://localhost/version |
    sed -nE 's/.*"Version":"([^"]+)","ApiVersion":"([^"]+)".*/, version \1, API \2/p; t; s/.*"ApiVersion":"([^"]+)".*/, API \1/p' | head -n 1
}

mkdir -p "$CACHE"

if [[ $quick == no ]]; then
  # program, Debian package, Fedora package. First what rekmod calls, then what the lab calls.
  core_missing=$(require_programs <<'TABLE'
rpm rpm rpm
rpmbuild rpm rpm-build
rpmsign rpm rpm-sign
rpm2cpio rpm rpm
createrepo_c createrepo-c createrepo_c
dnf dnf dnf
gpg gnupg gnupg2
gpgv gpgv gnupg2
modinfo kmod kmod
openssl openssl openssl
xz xz-utils xz
zstd zstd zstd
bzip2 bzip2 bzip2
cpio cpio cpio
xorriso xorriso xorriso
sqlite3 sqlite3 sqlite
git git git-core
curl curl curl
setsid util-linux util-linux
make make make
gcc gcc gcc
lz4 lz4 lz4
rsync rsync rsync
rclone rclone rclone
TABLE
  )
  qemu_missing=$(require_qemu)
  # The lab is made of Debian's packages and so needs Debian; elsewhere rekmod works without it. Podman, isoinfo
  # and SoftHSM are for the tests alone: they build with both engines, read images with another's program, and sign
  # by a token. Chromium looks at the status page.
  lab_missing=0
  if [[ $(package_family) == debian ]]; then
    lab_missing=$(require_programs <<'TABLE'
mmdebstrap mmdebstrap -
podman podman -
runc runc -
isoinfo genisoimage -
softhsm2-util softhsm2 -
chromium chromium -
dpkg-deb dpkg -
objcopy binutils -
awk mawk -
TABLE
    )
    # By which OpenSSL reaches tokens: a library, of which no program tells.
    compgen -G '/usr/lib/*/engines-3/pkcs11.so' >/dev/null || install_packages libengine-pkcs11-openssl
  fi
fi

find_node
install_modules "$root"
if [[ $quick == no ]]; then
  find_engine
  find_temporal
fi
write_env

if [[ $quick == no ]]; then
  missing=$((core_missing + qemu_missing + lab_missing))
  if ((missing == 0)); then tools=found; else tools="installed $missing missing programs"; fi
  report 'system tools' "$tools, $(rpm --version), createrepo_c $(createrepo_c --version | sed -E 's/^Version: ([^ ]+).*/\1/')"
fi
report node "${NODE_BIN:+from PyPI, }$NODE_VERSION, $(command -v node)"
report packages "node_modules fits package-lock.json"
if [[ $quick == no ]]; then
  report engine "$ENGINE_ORIGIN, $ENGINE_SOCKET$(engine_version)"
  report temporal "$TEMPORAL_ORIGIN"
fi
report environment ". $CACHE/env.sh"
