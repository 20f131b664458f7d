import type { DkmsConf } from './dkms-conf.ts';
import { escapeMacros } from './escape-macros.ts';
import { renderBuild, renderInstall, renderPrep } from './render-build.ts';
import { renderConfBuild, renderConfInstall, renderConfPrep } from './render-conf-build.ts';

/** What a spec needs that no `dkms.conf` says. */
export interface SpecDetails {
  /** Of the package that the source came in, e.g. `Kernel modules of Jool`. */
  readonly summary?: string;
  readonly license?: string;
  readonly url?: string;
}

/** A kmod package made from a DKMS source. */
export interface DkmsSpec {
  /** Without the `kmod-` of the package, e.g. `jool`. */
  readonly kmodName: string;
  /** E.g. `jool-kmod.spec`. */
  readonly specName: string;
  readonly specText: string;
  /** File name of the source archive, e.g. `jool-4.1.9.tar.gz`. */
  readonly archiveName: string;
  /** The folder in the archive that holds the tree, e.g. `jool-4.1.9`. */
  readonly archiveFolder: string;
}

const TEXT_LENGTH_LIMIT = 200;

/**
 * Writes a kmod package for a DKMS source in the style of ELRepo and RHEL: one package for all kernels
 * with the same symbols (weak-modules), tied to them by CRCs, the kernel given as `kernel_version`.
 *
 * The commands of `dkms.conf` stand in `%build` as they are. A file with conditions of its own is read by
 * the build, as DKMS reads it.
 */
export function renderDkmsSpec(conf: DkmsConf, details: SpecDetails = {}): DkmsSpec {
  const kmodName = conf.packageName.replace(/-dkms$/, '');
  const version = toRpmVersion(conf.packageVersion);
  const archiveFolder = `${kmodName}-${version}`;
  const parts = conf.logic.length === 0 ? renderPlain(conf) : renderConf(conf);
  const sections = [
    renderPreamble(conf, { kmodName, version, details }),
    `%description\nThe kernel modules of ${conf.packageName} ${conf.packageVersion}, a DKMS source.`,
    `%prep\n%setup -q -n %{kmod_name}-%{version}\n${parts.prep}`.trimEnd(),
    `%build\n${parts.build}`,
    `%install\n${parts.install}`,
    renderScriptlets(conf),
    `%files
/lib/modules/%{kernel_version}/extra/%{kmod_name}
%config(noreplace) %{_sysconfdir}/depmod.d/kmod-%{kmod_name}.conf`,
    // rpm takes a build's time from here; a constant one keeps builds of the same source equal.
    `%changelog
* Wed Jan 01 2020 rekmod <rekmod@localhost> - ${version}-1
- Converted from dkms.conf`,
  ];
  return {
    kmodName,
    specName: `${kmodName}-kmod.spec`,
    specText: `${sections.join('\n\n')}\n`,
    archiveName: `${archiveFolder}.tar.gz`,
    archiveFolder,
  };
}

interface Parts {
  readonly prep: string;
  readonly build: string;
  readonly install: string;
}

function renderPlain(conf: DkmsConf): Parts {
  return { prep: renderPrep(conf), build: renderBuild(conf), install: renderInstall(conf) };
}

function renderConf(conf: DkmsConf): Parts {
  return {
    prep: renderConfPrep(conf),
    build: renderConfBuild(),
    install: renderConfInstall(),
  };
}

/** A version may hold no dash; an underscore separates as well and is ordered alike. */
function toRpmVersion(version: string): string {
  return version.replaceAll('-', '_');
}

function renderPreamble(
  conf: DkmsConf,
  {
    kmodName,
    version,
    details,
  }: { readonly kmodName: string; readonly version: string; readonly details: SpecDetails },
): string {
  const { packageName, packageVersion } = conf;
  const summary = clean(details.summary) ?? `Kernel modules of ${packageName}`;
  const url = clean(details.url);
  return `# What:    ${packageName} ${packageVersion} as a kmod package, converted from its dkms.conf by rekmod.
# Inputs:  Source0, the DKMS source tree; macro kernel_version, the full uname -r of the target.
# Outputs: kmod-${kmodName}, tied to its kernels by the CRCs of the symbols that it uses.
%define kmod_name ${kmodName}
%{!?kernel_version: %define kernel_version %(uname -r)}
# The same as version-release, in which RPM allows one dash only: 6.1.0-54-amd64 is 6.1.0-54.amd64.
%define kernel_evr %(echo %{kernel_version} | sed -E 's/^([^-]+-[^-]+)-/\\\\1./')
# Red Hat's kernel-devel, else the link that other distributions have in theirs.
%define kernel_source %(test -d %{_usrsrc}/kernels/%{kernel_version} && echo %{_usrsrc}/kernels/%{kernel_version} || echo /lib/modules/%{kernel_version}/build)
# The commands of dkms.conf are bash.
%global _buildshell /bin/bash

Name:           kmod-%{kmod_name}
Version:        ${version}
Release:        1%{?dist}
Summary:        ${summary}
# dkms.conf does not say; the sources do.
License:        ${clean(details.license) ?? 'LicenseRef-see-sources'}
${url === undefined ? '' : `URL:            ${url}\n`}Source0:        %{kmod_name}-%{version}.tar.gz

BuildRequires:  kernel-devel-uname-r = %{kernel_evr}
BuildRequires:  gcc
BuildRequires:  make
BuildRequires:  patch
BuildRequires:  elfutils-libelf-devel
%if 0%{?rhel}
BuildRequires:  kernel-abi-stablelists
BuildRequires:  kernel-rpm-macros
%endif

Provides:       kernel-modules >= %{kernel_evr}
Requires:       kernel-core-uname-r ${conf.isWeakModulesWanted ? '>=' : '='} %{kernel_evr}
Requires(post): /usr/sbin/depmod
Requires(postun): /usr/sbin/depmod

# kernel(symbol) = CRC and ksym(symbol) = CRC come from these two, where the distribution has them.
%if "%(test -x /usr/lib/rpm/redhat/find-requires.ksyms && echo yes)" == "yes"
%global _use_internal_dependency_generator 0
%define __find_requires /usr/lib/rpm/redhat/find-requires.ksyms
%define __find_provides /usr/lib/rpm/redhat/find-provides.ksyms %{kmod_name} %{?epoch:%{epoch}:}%{version}-%{release}
%endif
%define debug_package %{nil}`;
}

/** One line of foreign text that rpm reads as it is. */
function clean(text: string | undefined): string | undefined {
  const line = text
    ?.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, TEXT_LENGTH_LIMIT);
  return line === undefined || line === '' ? undefined : escapeMacros(line);
}

function renderScriptlets({ isWeakModulesWanted, isInitrdRemade }: DkmsConf): string {
  const option = isInitrdRemade ? '' : ' --no-initramfs';
  const depmod = `if [ -x /usr/sbin/depmod ] && [ -f /lib/modules/%{kernel_version}/modules.order ]; then
  /usr/sbin/depmod -a %{kernel_version}
fi
exit 0`;
  if (!isWeakModulesWanted) return `%post\n${depmod}\n\n%postun\n${depmod}`;
  return `%post
if [ -x /usr/sbin/weak-modules ]; then
  find /lib/modules/%{kernel_version}/extra/%{kmod_name} -name '*.ko*' | /usr/sbin/weak-modules --add-modules${option}
fi
${depmod}

%preun
if [ -x /usr/sbin/weak-modules ]; then
  mkdir -p /run/rpm-kmod-%{kmod_name}
  rpm -ql kmod-%{kmod_name}-%{version}-%{release}.%{_arch} | grep '\\.ko' > /run/rpm-kmod-%{kmod_name}/modules
fi
exit 0

%postun
if [ -x /usr/sbin/weak-modules ] && [ -f /run/rpm-kmod-%{kmod_name}/modules ]; then
  /usr/sbin/weak-modules --remove-modules${option} < /run/rpm-kmod-%{kmod_name}/modules
  rm -r /run/rpm-kmod-%{kmod_name}
fi
${depmod}`;
}
