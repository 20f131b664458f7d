#!/bin/bash
# What:    installs kmods as a user would, with dnf alone: those of the older kernel, then those of the newer one.
# Inputs:  runs in a container of the lab's image; /etc/yum.repos.d; arguments: <package>… -- <package>…, as rpm names them.
# Outputs: sections "=== <name>" on standard output: packages and modules (path, vermagic) after each of the two; exit code: dnf's.
set -euo pipefail
exec 3>&1 1>&2

older=() newer=()
while [[ $1 != -- ]]; do
  older+=("$1")
  shift
done
shift
newer=("$@")

# installed <section>
installed() {
  {
    printf '=== packages %s\n' "$1"
    rpm -qa
    printf '=== modules %s\n' "$1"
    find /lib/modules \( -path '*/extra/*' -o -path '*/updates/*' \) -name '*.ko*' | while read -r module; do
      printf '%s %s\n' "$module" "$(modinfo -F vermagic "$module" | cut -d ' ' -f 1)"
    done
  } >&3
}

run_dnf() { dnf -y -q --disableplugin=local --setopt=install_weak_deps=False --setopt=tsflags=nodocs install "$@"; }

run_dnf "${older[@]}"
installed older
((${#newer[@]})) || exit 0
run_dnf "${newer[@]}"
installed newer
