import type { DkmsConf } from './dkms-conf.ts';
import { BUILD_VARIABLES, END_OF_INSTALL, renderExclude } from './render-build.ts';

/** The file that `%prep` writes and every later part reads. */
const SCRIPT = '.rekmod-dkms.bash';

/**
 * Writes the `%prep` of a DKMS source whose `dkms.conf` has conditions of its own: a script that reads the
 * file as DKMS does, in the build; then the patches that it asks for.
 */
export function renderConfPrep(conf: DkmsConf): string {
  return `cat > ${SCRIPT} <<'END_OF_SCRIPT'
${renderScript(conf)}
END_OF_SCRIPT
${BUILD_VARIABLES}
. ./${SCRIPT}
for patch in "\${patches[@]}"; do
  patch -p1 < "patches/$patch"
done`;
}

/** Writes `%build` for such a source. */
export function renderConfBuild(): string {
  return `${BUILD_VARIABLES}
unset CFLAGS CXXFLAGS FFLAGS LDFLAGS
. ./${SCRIPT}
[ -z "$PRE_BUILD" ] || ( eval "./$PRE_BUILD" )
( eval "$clean_command" ) || :
echo "+ $make_command"
( set +e; eval "$make_command" )`;
}

/** Writes `%install` for such a source. */
export function renderConfInstall(): string {
  return `${BUILD_VARIABLES}
. ./${SCRIPT}
modules_dir=%{buildroot}/lib/modules/%{kernel_version}/extra/%{kmod_name}
install -d "$modules_dir"
for i in "\${!BUILT_MODULE_NAME[@]}"; do
  location=\${BUILT_MODULE_LOCATION[i]%%/}
  module=$modules_dir/\${DEST_MODULE_NAME[i]:-\${BUILT_MODULE_NAME[i]}}.ko
  install -m 0644 "\${location:-.}/\${BUILT_MODULE_NAME[i]}.ko" "$module"
  case \${STRIP[i]:-\${STRIP[0]}} in
    [nN]*) ;;
    *) strip --strip-debug "$module" ;;
  esac
done
[ -z "$POST_BUILD" ] || ( eval "./$POST_BUILD" )
${END_OF_INSTALL}`;
}

function renderScript({ packageName, packageVersion }: DkmsConf): string {
  return `# What:    reads dkms.conf for one kernel, as DKMS does: it has conditions that only a shell can evaluate.
# Inputs:  kernelver, arch, kernel_source_dir, kernel_config, build_dir.
# Outputs: the variables of dkms.conf, and make_command, clean_command, patches; ends the build if the kernel is excluded.
set +e
dkms_tree=$build_dir/.dkms source_tree=$build_dir/.dkms/source
mkdir -p "$dkms_tree/${packageName}/${packageVersion}" "$source_tree"
for link in "$dkms_tree/${packageName}/${packageVersion}/build" "$dkms_tree/${packageName}/${packageVersion}/source" \\
  "$source_tree/${packageName}-${packageVersion}"; do
  ln -sfn "$build_dir" "$link"
done
. ./dkms.conf
${renderExclude(packageName)}
[[ -z $BUILD_EXCLUSIVE_KERNEL || $kernelver =~ $BUILD_EXCLUSIVE_KERNEL ]] || exclude "BUILD_EXCLUSIVE_KERNEL=$BUILD_EXCLUSIVE_KERNEL"
[[ -z $BUILD_EXCLUSIVE_ARCH || $arch =~ $BUILD_EXCLUSIVE_ARCH ]] || exclude "BUILD_EXCLUSIVE_ARCH=$BUILD_EXCLUSIVE_ARCH"
[[ -z $BUILD_EXCLUSIVE_KERNEL_MIN ]] || printf '%%s\\n' "$BUILD_EXCLUSIVE_KERNEL_MIN" "$kernelver" | sort -V -C ||
  exclude "BUILD_EXCLUSIVE_KERNEL_MIN=$BUILD_EXCLUSIVE_KERNEL_MIN"
[[ -z $BUILD_EXCLUSIVE_KERNEL_MAX ]] || printf '%%s\\n' "$kernelver" "$BUILD_EXCLUSIVE_KERNEL_MAX" | sort -V -C ||
  exclude "BUILD_EXCLUSIVE_KERNEL_MAX=$BUILD_EXCLUSIVE_KERNEL_MAX"
for option in $BUILD_EXCLUSIVE_CONFIG; do
  case $option in
    !*) ! grep -q "^\${option#!}=[ym]" "$kernel_config" || exclude "BUILD_EXCLUSIVE_CONFIG=$option" ;;
    *) grep -q "^$option=[ym]" "$kernel_config" || exclude "BUILD_EXCLUSIVE_CONFIG=$option" ;;
  esac
done
((\${#BUILT_MODULE_NAME[@]})) || BUILT_MODULE_NAME=("$PACKAGE_NAME")
# The first command is for kernels that no other is for; of several that match, the last counts.
[[ -n \${MAKE_MATCH[0]} ]] || make_command=\${MAKE[0]}
for i in "\${!MAKE[@]}"; do
  [[ -z \${MAKE_MATCH[i]} || ! $kernelver =~ \${MAKE_MATCH[i]} ]] || make_command=\${MAKE[i]}
done
: "\${make_command:=make -C $kernel_source_dir M=$build_dir}"
make_command=\${make_command/#make/make %{?_smp_mflags} KERNELRELEASE=$kernelver}
clean_command=\${CLEAN:-make -C $kernel_source_dir M=$build_dir clean}
patches=()
for i in "\${!PATCH[@]}"; do
  [[ -n \${PATCH_MATCH[i]} && ! $kernelver =~ \${PATCH_MATCH[i]} ]] || patches+=("\${PATCH[i]}")
done
set -e`;
}
