#!/bin/bash
# What:    builds kmods with dkms as a machine does after a kernel update: one module after the other, all cores.
# Inputs:  argv: kernel release; /debs/*-dkms_*.deb.
# Outputs: exit code 0 only if all were built.
set -euo pipefail
release=$1
for deb in /debs/*-dkms_*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C / ./usr/src; done
for conf in /usr/src/*/dkms.conf; do
  name=$(sed -n 's/^PACKAGE_NAME="\?\([^"]*\)"\?.*/\1/p' "$conf" | head -n 1)
  version=$(sed -n 's/^PACKAGE_VERSION="\?\([^"]*\)"\?.*/\1/p' "$conf" | head -n 1)
  dkms add -m "$name" -v "$version" >/dev/null
  dkms build -m "$name" -v "$version" -k "$release" >"/tmp/$name.log" 2>&1 || { tail -n 20 "/tmp/$name.log" >&2; exit 1; }
done
dkms status | grep -c ': built' >&2
