#!/usr/bin/env bash
# What:    makes a repository that mock can install a root from: the builder image as an RPM, and a kernel-devel too new.
# Inputs:  runs in a container of the builder image; /lab-mock/ (this directory), a newer kernel-devel as the argument.
# Outputs: /out/: the RPMs and their metadata.
set -euo pipefail

newer=$1
mkdir -p /tmp/rpmbuild
# What is neither a package's business nor needed to build modules: roots are unpacked for every build.
printf './%s\n' usr/lib/python3 usr/lib/python3.11 usr/share/perl 'usr/lib/x86_64-linux-gnu/perl' 'usr/lib/x86_64-linux-gnu/*.a' \
  'usr/lib/gcc/*/*/lto1' >/tmp/exclusions
printf './%s\n' .dockerenv proc sys dev tmp out lab-mock run etc/hostname etc/hosts etc/resolv.conf var/lib/rpm var/lib/dnf var/cache >>/tmp/exclusions
# rpmbuild warns of each absolute link.
rpmbuild -bb --quiet --define '_topdir /tmp/rpmbuild' --define 'exclusions /tmp/exclusions' /lab-mock/lab-root.spec >/tmp/log 2>&1 || {
  tail -n 20 /tmp/log >&2
  exit 1
}
cp /tmp/rpmbuild/RPMS/x86_64/lab-root-1-1.x86_64.rpm "$newer" /out/
createrepo_c --quiet --no-database /out
