# shellcheck shell=bash
# What:    functions of setup.sh for the system: distribution, missing programs.
# Inputs:  common.sh and debian.sh, sourced before.
# Outputs: functions only; install_packages changes the system.

# find_program <name>: its path; the system folders are searched even when a plain user's PATH lacks them.
find_program() { PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin command -v "$1"; }

# package_family: debian or fedora, by the package manager that rules here; Debian may have dnf too, which rules nothing.
package_family() {
  if have apt-get && have dpkg; then
    printf 'debian\n'
  elif have dnf; then
    printf 'fedora\n'
  else
    die "Cannot install packages: expected apt-get or dnf, found neither"
  fi
}

# install_packages <package>…: installs with the distribution's package manager, quietly.
install_packages() {
  say "Installing $*"
  case $(package_family) in
    debian)
      if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; then
        # The first try may have failed on package lists that are missing or old.
        as_root apt-get update -qq >&2
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
      fi
      ;;
    fedora) as_root dnf install -y -q --setopt=install_weak_deps=False "$@" >&2 ;;
  esac
}

# require_programs <table>: lines "program debian-package fedora-package" on standard input; installs what is missing
# ("-" means that the distribution has none). Prints the number of programs that were missing.
require_programs() {
  local family program debian fedora package missing=0
  local -a packages=()
  family=$(package_family)
  while read -r program debian fedora; do
    [[ -n $program ]] || continue
    find_program "$program" >/dev/null && continue
    missing=$((missing + 1))
    if [[ $family == debian ]]; then package=$debian; else package=$fedora; fi
    [[ $package == - || " ${packages[*]} " == *" $package "* ]] || packages+=("$package")
  done
  ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
  printf '%s\n' "$missing"
}

# require_qemu: QEMU for load tests, which go by another name on Red Hat's systems. Prints 1 if it was missing, else 0.
# Only load tests need it, so that a distribution without it is no reason to stop.
require_qemu() {
  local arch package
  arch=$(uname -m)
  if find_program "qemu-system-$arch" >/dev/null || [[ -x /usr/libexec/qemu-kvm ]]; then
    printf '0\n'
    return 0
  fi
  case $(package_family)/$arch in
    debian/aarch64) package=qemu-system-arm ;;
    debian/*) package=qemu-system-x86 ;;
    *) package=qemu-kvm-core ;;
  esac
  install_packages "$package" || say "Cannot install \"$package\": load tests will not be possible"
  printf '1\n'
}
