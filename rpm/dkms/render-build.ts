import type { DkmsConf, DkmsModule } from './dkms-conf.ts';
import { escapeMacros } from './escape-macros.ts';
import { quoteForShell, type ShellValue, toCommand, toWord } from './shell-value.ts';

/** What every part of the spec's shell begins with: the variables that DKMS has. */
export const BUILD_VARIABLES = `kernelver=%{kernel_version}
arch=%{_target_cpu}
kernel_source_dir=%{kernel_source}
kernel_config=$kernel_source_dir/.config
[ -e "$kernel_config" ] || kernel_config=$kernel_source_dir/include/config/auto.conf
build_dir=$PWD`;

/**
 * What every part of the spec's shell that installs ends with: the modules lie in `$modules_dir`.
 *
 * A list may lack a module of the same build that a listed one needs (Debian's dahdi-dkms 2.11 builds
 * `echo.ko` for `dahdi_echocan_oslec.ko`). DKMS installs what cannot be loaded then; here it is added.
 */
export const END_OF_INSTALL = `# What these modules need of this build, though dkms.conf does not list it.
queue=("$modules_dir"/*.ko)
for ((i = 0; i < \${#queue[@]}; i++)); do
  for name in $(tr '\\0' '\\n' < "\${queue[i]}" | LC_ALL=C sed -n 's/^depends=//p' | tr ',' ' '); do
    ! grep -aqxz "name=\${name//-/_}" "\${queue[@]}" || continue
    built=$(find "$build_dir" -name "$name.ko" -type f -print -quit)
    [ -n "$built" ] || continue
    install -m 0644 "$built" "$modules_dir/$name.ko"
    strip --strip-debug "$modules_dir/$name.ko"
    queue+=("$modules_dir/$name.ko")
  done
done
install -d %{buildroot}%{_sysconfdir}/depmod.d
for module in "$modules_dir"/*.ko; do
  echo "override $(basename "$module" .ko) * weak-updates/%{kmod_name}"
done > %{buildroot}%{_sysconfdir}/depmod.d/kmod-%{kmod_name}.conf`;

/** Writes the patches of a DKMS source as a part of `%prep`; empty if there are none. */
export function renderPrep(conf: DkmsConf): string {
  if (conf.patches.length === 0) return '';
  const commands = conf.patches.map(({ value, match }) => {
    const command = `patch -p1 < patches/${write(conf, value, toWord)}`;
    return match === undefined ? command : renderIf([[match, command]], undefined);
  });
  return [BUILD_VARIABLES, ...commands].join('\n');
}

/** Writes conditions and commands of a DKMS source as `%build`. */
export function renderBuild(conf: DkmsConf): string {
  return [
    BUILD_VARIABLES,
    // DKMS builds without the flags that rpm has for programs.
    'unset CFLAGS CXXFLAGS FFLAGS LDFLAGS',
    renderTrees(conf),
    renderConditions(conf),
    renderScript(conf, 'PRE_BUILD', conf.preBuild),
    `# CLEAN: what upstream left in its sources; a failure means nothing.\n(\n  ${renderClean(conf)}\n) || :`,
    renderMake(conf),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Writes where the modules go as `%install`. */
export function renderInstall(conf: DkmsConf): string {
  return [
    BUILD_VARIABLES,
    'modules_dir=%{buildroot}/lib/modules/%{kernel_version}/extra/%{kmod_name}',
    'install -d "$modules_dir"',
    ...conf.modules.map((module) => renderModule(conf, module)),
    renderScript(conf, 'POST_BUILD', conf.postBuild),
    END_OF_INSTALL,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** A script's path begins at the tree's root. */
function renderScript(conf: DkmsConf, title: string, script: ShellValue | undefined): string {
  if (script === undefined) return '';
  return `# ${title}\n./${write(conf, script, toCommand).replace(/^\.\//, '')}`;
}

function renderModule(conf: DkmsConf, { built, name, isStripped }: DkmsModule): string {
  const from = write(conf, [...built, KO], toWord);
  const to = `"$modules_dir"/${write(conf, [...name, KO], toWord)}`;
  const install = `install -m 0644 ${from} ${to}`;
  // Only debug sections go: the symbol versions have to stay.
  return isStripped ? `${install}\nstrip --strip-debug ${to}` : install;
}

const KO = { kind: 'text', text: '.ko' } as const;

function renderMake(conf: DkmsConf): string {
  const [first] = conf.make;
  const standard = first && first.match === undefined ? first.value : undefined;
  const generic: ShellValue = [
    { kind: 'text', text: 'make -C ' },
    { kind: 'variable', name: 'kernel_source_dir' },
    { kind: 'text', text: ' M=' },
    { kind: 'variable', name: 'build_dir' },
  ];
  const fallback = renderMakeCommand(conf, standard ?? generic);
  // Of several that match DKMS takes the last.
  const matched = conf.make
    .flatMap(({ value, match }) =>
      match === undefined ? [] : [[match, renderMakeCommand(conf, value)] as const],
    )
    .reverse();
  const source = conf.make.length === 0 ? "DKMS' own command, as there is no MAKE" : 'MAKE';
  return `# ${source}\n${matched.length === 0 ? fallback : renderIf(matched, fallback)}`;
}

/** DKMS adds jobs and the release where a command begins with `make`. */
function renderMakeCommand(conf: DkmsConf, value: ShellValue): string {
  const command = write(conf, value, toCommand);
  const rest = /^make(?<rest>.*)$/.exec(command)?.groups?.rest;
  const whole =
    rest === undefined ? command : `make %{?_smp_mflags} KERNELRELEASE=\${kernelver}${rest}`;
  // rpm's shell ends at the first error, DKMS' does not.
  return whole.includes(';') ? `(\n  set +e\n  ${whole}\n)` : whole;
}

function renderClean(conf: DkmsConf): string {
  if (conf.clean) return write(conf, conf.clean, toCommand);
  return `make -C \${kernel_source_dir} M=\${build_dir} clean`;
}

/** Where commands name trees beyond the source's own, they get a place for them. */
function renderTrees(conf: DkmsConf): string {
  const commands = [conf.clean, conf.preBuild, ...conf.make.map(({ value }) => value)];
  const text = commands.map((value) => (value ? write(conf, value, toCommand) : '')).join('\n');
  return /\$\{?(?:dkms_tree|source_tree)\b/.test(text)
    ? 'dkms_tree=$build_dir/.dkms\nsource_tree=/usr/src'
    : '';
}

/** DKMS ends such a build, too; a plan that knows the conditions does not begin it. */
function renderConditions({ conditions, packageName }: DkmsConf): string {
  const { kernel, arch, minKernel, maxKernel, config } = conditions;
  const lines: string[] = [];
  if (kernel !== undefined) {
    lines.push(`${renderMatch('kernelver', kernel)} || exclude "BUILD_EXCLUSIVE_KERNEL=$pattern"`);
  }
  if (arch !== undefined) {
    lines.push(`${renderMatch('arch', arch)} || exclude "BUILD_EXCLUSIVE_ARCH=$pattern"`);
  }
  if (minKernel !== undefined) {
    const limit = quoteForShell(escapeMacros(minKernel));
    lines.push(
      `${renderOrder(limit, '"$kernelver"')} || exclude BUILD_EXCLUSIVE_KERNEL_MIN=${limit}`,
    );
  }
  if (maxKernel !== undefined) {
    const limit = quoteForShell(escapeMacros(maxKernel));
    lines.push(
      `${renderOrder('"$kernelver"', limit)} || exclude BUILD_EXCLUSIVE_KERNEL_MAX=${limit}`,
    );
  }
  for (const option of config) {
    const name = option.replace(/^!/, '');
    const joint = name === option ? '||' : '&&';
    const test = `grep -q '^${name}=[ym]' "$kernel_config"`;
    lines.push(`${test} ${joint} exclude 'BUILD_EXCLUSIVE_CONFIG=${option}'`);
  }
  if (lines.length === 0) return '';
  return [renderExclude(packageName), ...lines].join('\n');
}

/** Writes the function that ends a build whose kernel dkms.conf does not want. */
export function renderExclude(packageName: string): string {
  return `exclude() {
  echo "error: ${packageName} is not for this kernel: $1" >&2
  exit 1
}`;
}

function renderOrder(a: string, b: string): string {
  return `printf '%%s\\n' ${a} ${b} | sort -V -C`;
}

function renderMatch(variable: string, pattern: string): string {
  return `pattern=${quoteForShell(escapeMacros(pattern))}; [[ $${variable} =~ $pattern ]]`;
}

function renderIf(
  branches: readonly (readonly [match: string, command: string])[],
  fallback: string | undefined,
): string {
  const lines = branches.map(
    ([match, command], i) =>
      `${i === 0 ? 'if' : 'elif'} ${renderMatch('kernelver', match)}; then\n  ${command}`,
  );
  const otherwise = fallback === undefined ? '' : `\nelse\n  ${fallback}`;
  return `${lines.join('\n')}${otherwise}\nfi`;
}

/** Writes a value of the file for the spec: the tree has another place there, and `%` two signs. */
function write(
  { packageName, packageVersion }: DkmsConf,
  value: ShellValue,
  form: (value: ShellValue) => string,
): string {
  const own = [packageName, packageVersion].map((text) => text.replace(/[.+^]/g, '\\$&'));
  const tree = `(?:\\$\\{?dkms_tree\\}?|/var/lib/dkms)/${own.join('/')}/(?:build|source)`;
  const source = `(?:\\$\\{?source_tree\\}?|/usr/src)/${own.join('-')}`;
  const places = new RegExp(`(?:${tree}|${source})(?![A-Za-z0-9._+-])`, 'g');
  const kernel = /\/lib\/modules\/\$\{?kernelver\}?\/(?:build|source)(?![A-Za-z0-9._+-])/g;
  const text = form(value)
    .replace(places, () => `\${build_dir}`)
    .replace(kernel, () => `\${kernel_source_dir}`);
  return escapeMacros(text);
}
