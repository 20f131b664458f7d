#!/bin/bash
# What:    builds one kmod inside the builder image, as an unprivileged user without network; the lab's own check uses it.
# Inputs:  <spec> <uname -r>; sources beside the spec (read-only), /build writable, /out for the result.
# Outputs: the binary RPMs in /out; rpmbuild's log on standard output and error.
set -euo pipefail
spec=$1 release=$2
mkdir -p /build/rpmbuild/BUILD
rpmbuild -bb --define "_topdir /build/rpmbuild" --define "_sourcedir $(dirname "$spec")" \
  --define "kernel_version $release" "$spec"
cp /build/rpmbuild/RPMS/*/*.rpm /out/
