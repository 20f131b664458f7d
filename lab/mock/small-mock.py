#!/usr/bin/env python3
"""A small program with mock's command line, for machines where mock cannot be installed.

It does really what rekmod asks of mock: reads its Python configuration, installs a root with dnf, keeps it in a root
cache, installs BuildRequires, runs rpmbuild in the root as an unprivileged user, and writes mock's logs and exit codes
(mock 6.7, isolation simple, without bootstrap root). It is no mock: nothing that rekmod does not use is there.
"""
import argparse
import ctypes
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

BASE, CACHE = '/var/lib/mock', '/var/cache/mock'
BUILD = '/builddir/build'
CLONE_NEWNS, MS_REC_PRIVATE = 0x20000, 0x44000


class MockError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def parse():
    parser = argparse.ArgumentParser()
    for mode in ('init', 'clean', 'chroot', 'buildsrpm', 'installdeps', 'rebuild'):
        parser.add_argument(f'--{mode}', action='store_const', const=mode, dest='mode')
    parser.add_argument('--configdir', default='/etc/mock')
    parser.add_argument('-r', '--root', dest='config')
    for option in ('--uniqueext', '--resultdir', '--isolation', '--spec', '--sources'):
        parser.add_argument(option)
    for option in ('--config-opts', '--enable-plugin', '--addrepo', '-D/--define'):
        parser.add_argument(*option.split('/'), action='append', default=[])
    parser.add_argument('--rpmbuild_timeout', type=int, default=0)
    parser.add_argument('--offline', action='store_true')
    parser.add_argument('-n', '--no-clean', action='store_true')
    parser.add_argument('-N', '--no-cleanup-after', action='store_true')
    # mock takes what it does not know for the name of a source RPM.
    return parser.parse_known_args()


def include(path, config):
    """Puts included files in by text, as mock does."""
    if not os.path.isabs(path):
        path = os.path.join(config['config_path'], path)
    config['config_paths'].append(path)
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for argument in re.findall(r'^\s*include\((.*)\)', text, re.M):
        inner = include(eval(argument), config)
        text = re.sub(r'^\s*include\((.*)\)', lambda _: inner, text, count=1, flags=re.M)
    return text


def load_config(options, uid, gid):
    config_opts = {
        'config_path': options.configdir, 'config_paths': [], 'plugin_conf': {'root_cache_opts': {}}, 'nspawn_args': [],
        'macros': {'%_topdir': BUILD, '%_rpmfilename': '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm'},
        'rpmbuild_networking': False, 'update_before_build': True,
    }
    try:
        # As the unprivileged user, who must be able to read it.
        os.setegid(gid)
        os.seteuid(uid)
        exec(include(options.config, config_opts))
    except Exception as error:
        raise MockError(3, f'Error in configuration: {error!r}') from error
    finally:
        os.seteuid(0)
        os.setegid(0)
    for option in options.config_opts:
        name, value = option.split('=', 1)
        config_opts[name] = {'False': False, 'True': True}.get(value, value)
    for define in options.define:
        name, value = define.strip().split(' ', 1)
        config_opts['macros'][f'%{name.lstrip("%")}'] = value
    for number, url in enumerate(options.addrepo):
        config_opts['dnf.conf'] += f'\n[addrepo{number}]\nname={url}\nbaseurl={url}\nenabled=1\ngpgcheck=0\n'
    if options.mode == 'clean':
        return config_opts
    if options.isolation != 'simple' or config_opts['rpmbuild_networking'] or config_opts['update_before_build']:
        raise MockError(3, 'the small mock knows isolation "simple" without network and updates only')
    return config_opts


class Mock:
    def __init__(self, options, config, uid, gid):
        self.options, self.config, self.uid, self.gid = options, config, uid, gid
        self.name = f"{config['root']}-{options.uniqueext}"
        self.base = f'{BASE}/{self.name}'
        self.root = f'{self.base}/root'
        self.cache = f"{CACHE}/{config['root']}"
        self.results = options.resultdir

    # Logs.

    def log(self, name, text, level='DEBUG util.py:444:  '):
        with open(f'{self.results}/{name}', 'a', encoding='utf-8') as file:
            for line in text.splitlines():
                file.write(f'{level}{line}\n')

    def state(self, word, what):
        if self.results:
            self.log('state.log', f'{word}: {what}', time.strftime('%Y-%m-%d %H:%M:%S,000 - '))
            print(f'{word}: {what}', file=sys.stderr, flush=True)

    # Programs.

    def run(self, command, log='root.log', level='DEBUG util.py:444:  ', timeout=0, in_root=False, user=None):
        def prepare():
            os.setsid()
            if in_root:
                os.chroot(self.root)
                os.chdir(BUILD if user else '/')
            if user:
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
        env = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': '/builddir', 'LANG': 'C.UTF-8', 'SHELL': '/bin/bash'}
        output = []
        child = subprocess.Popen(command, preexec_fn=prepare, env=env, text=True, errors='replace',
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if timeout:
            signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
            signal.alarm(timeout)
        started = time.monotonic()
        for line in child.stdout:
            output.append(line)
            self.log(log, line, level)
        code = child.wait()
        signal.alarm(0)
        if timeout and time.monotonic() - started >= timeout:
            raise MockError(11, f'Timeout({timeout}) expired for command:\n # {command}\n')
        return code, ''.join(output)

    def must(self, command, code=1, **options):
        found, output = self.run(command, **options)
        if found:
            raise MockError(code if code != 1 else found % 256, f'Command failed: \n # {" ".join(command)}\n{output}')
        return output

    def dnf(self, *args):
        conf = f'{self.root}/etc/dnf/dnf.conf'
        os.makedirs(os.path.dirname(conf), exist_ok=True)
        with open(conf, 'w', encoding='utf-8') as file:
            file.write(self.config['dnf.conf'])
        options = ['--installroot', self.root, '-c', conf, '-y', f'--setopt=cachedir={self.cache}/dnf_cache',
                   '--disableplugin=local']
        self.must(['dnf', *options, *(['-C'] if self.options.offline else []), *args], code=30)

    def as_user(self, command, **options):
        return self.must(['bash', '--login', '-c', command], log='build.log', level='', in_root=True, user='mockbuild',
                         timeout=self.options.rpmbuild_timeout, **options)

    # Roots.

    def lock(self):
        os.makedirs(self.base, exist_ok=True)
        self.lock_file = open(f'{self.base}/buildroot.lock', 'a+', encoding='utf-8')
        try:
            fcntl.lockf(self.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise MockError(60, 'Build root is locked by another process.') from error

    def kill_orphans(self):
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if os.readlink(f'/proc/{pid}/root').startswith(self.root):
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass

    def clean(self):
        self.kill_orphans()
        shutil.rmtree(self.base, ignore_errors=True)

    def mount(self):
        for path in ('proc', 'dev'):
            os.makedirs(f'{self.root}/{path}', exist_ok=True)
            subprocess.run(['mount', '--rbind', f'/{path}', f'{self.root}/{path}'], check=True)

    def init(self):
        self.lock()
        self.state('Start', 'chroot init')
        archive = f'{self.cache}/root_cache/cache.tar'
        stale = os.path.exists(archive) and any(
            os.stat(path).st_mtime > os.stat(archive).st_mtime for path in self.config['config_paths'])
        if not os.path.exists(f'{self.base}/.initialized'):
            os.makedirs(self.root, exist_ok=True)
            if os.path.exists(archive) and not stale:
                self.state('Start', 'unpacking root cache')
                self.must(['tar', '-xf', archive, '-C', self.root])
                self.state('Finish', 'unpacking root cache')
            else:
                self.state('Start', 'dnf install')
                self.dnf(*self.config['chroot_setup_cmd'].split())
                self.dnf('install', *self.config['chroot_additional_packages'])
                self.state('Finish', 'dnf install')
                os.makedirs(os.path.dirname(archive), exist_ok=True)
                self.must(['tar', '-cf', f'{archive}.{os.getpid()}', '--exclude=./proc', '--exclude=./dev', '-C', self.root, '.'])
                os.rename(f'{archive}.{os.getpid()}', archive)
            open(f'{self.base}/.initialized', 'w', encoding='utf-8').close()
        self.make_user()
        self.mount()
        self.state('Finish', 'chroot init')

    def make_user(self):
        for path in ('tmp', 'var/tmp'):
            os.makedirs(f'{self.root}/{path}', exist_ok=True)
            os.chmod(f'{self.root}/{path}', 0o1777)
        with open(f'{self.root}/etc/passwd', 'r+', encoding='utf-8') as file:
            if 'mockbuild:' not in file.read():
                file.write(f'mockbuild:x:{self.uid}:{self.gid}::/builddir:/bin/bash\n')
        for path in ('', 'build', *(f'build/{name}' for name in ('SPECS', 'SOURCES', 'BUILD', 'RPMS', 'SRPMS', 'originals'))):
            os.makedirs(f'{self.root}/builddir/{path}', exist_ok=True)
            os.chown(f'{self.root}/builddir/{path}', self.uid, self.gid)
        with open(f'{self.root}/builddir/.rpmmacros', 'w', encoding='utf-8') as file:
            for name, value in self.config['macros'].items():
                file.write(f'{name} {value}\n')

    # What is asked for.

    def srpm_of(self, spec):
        self.as_user(f"rpmbuild -bs --target x86_64 --nodeps '{BUILD}/SPECS/{spec}'")
        found = glob.glob(f'{self.root}{BUILD}/SRPMS/*src.rpm')
        if len(found) != 1:
            raise MockError(40, f'Expected to find single rebuilt srpm, found {len(found)}')
        return found[0]

    def buildsrpm(self):
        self.state('Start', 'buildsrpm')
        shutil.copy(self.options.spec, f'{self.root}{BUILD}/SPECS')
        shutil.rmtree(f'{self.root}{BUILD}/SOURCES')
        shutil.copytree(self.options.sources, f'{self.root}{BUILD}/SOURCES')
        self.state('Start', 'rpmbuild -bs')
        try:
            shutil.copy2(self.srpm_of(os.path.basename(self.options.spec)), self.results)
        finally:
            self.state('Finish', 'rpmbuild -bs')
        self.state('Finish', 'buildsrpm')

    def rebuild(self, srpm):
        name = os.path.basename(srpm)
        self.state('Start', f'build phase for {name}')
        self.state('Start', f'build setup for {name}')
        for old in glob.glob(f'{self.root}{BUILD}/SRPMS/*'):
            os.remove(old)
        shutil.copy(srpm, f'{self.root}{BUILD}/originals/{name}')
        self.must(['rpm', '-Uvh', '--nodeps', f'{BUILD}/originals/{name}'], code=40, in_root=True, user='mockbuild')
        spec = [line for line in self.must(['rpm', '-qpl', f'{BUILD}/originals/{name}'], in_root=True).split() if line.endswith('.spec')][0]
        self.dnf('builddep', self.srpm_of(spec))
        self.write_lock()
        self.state('Finish', f'build setup for {name}')
        self.state('Start', f'rpmbuild {name}')
        try:
            self.as_user(f"rpmbuild -bb --target x86_64 --nodeps '{BUILD}/SPECS/{spec}'")
        finally:
            self.state('Finish', f'rpmbuild {name}')
        built = glob.glob(f'{self.root}{BUILD}/RPMS/*.rpm')
        if not built:
            raise MockError(40, 'No build results found')
        for path in built:
            shutil.copy2(path, self.results)
        self.state('Finish', f'build phase for {name}')

    def write_lock(self):
        """As the plugin buildroot_lock, before rpmbuild begins."""
        form = '%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\n'
        lines = self.must(['rpm', '-qa', '--root', self.root, '--qf', form]).splitlines()
        rpms = [dict(zip(('name', 'version', 'release', 'arch'), line.split('\t'))) for line in lines if line.count('\t') == 3]
        with open(f'{self.results}/buildroot_lock.json', 'w', encoding='utf-8') as file:
            json.dump({'version': '1.0.0', 'buildroot': {'rpms': rpms}, 'config': {}}, file)

    def do(self, args):
        self.state('Start', 'run')
        mode = self.options.mode
        if mode == 'clean':
            self.clean()
            return 0
        if not self.options.no_clean:
            self.clean()
        code = 0
        try:
            self.init()
            if mode == 'buildsrpm':
                self.buildsrpm()
            elif mode == 'installdeps':
                self.dnf('builddep', args[0])
            elif mode == 'rebuild':
                self.rebuild(args[0])
            elif mode == 'chroot':
                code, output = self.run(['/bin/sh', '-c', args[0]], in_root=True)
                print(output, end='', flush=True)
        finally:
            if mode in ('buildsrpm', 'rebuild') and not self.options.no_cleanup_after:
                subprocess.run(['umount', '-R', f'{self.root}/proc', f'{self.root}/dev'], check=False)
                self.clean()
        self.state('Finish', 'run')
        return code


def main():
    if sys.argv[1:] == ['--version']:
        print('6.7')
        return 0
    if os.getuid() != 0 or 'SUDO_UID' not in os.environ:
        raise MockError(1, 'mock will not run from the root account (needs an unprivileged uid so it can drop privs)')
    uid, gid = int(os.environ['SUDO_UID']), int(os.environ['SUDO_GID'])
    options, args = parse()
    config = load_config(options, uid, gid)
    libc = ctypes.CDLL(None, use_errno=True)
    # Mounts are gone with this process.
    if libc.unshare(CLONE_NEWNS) or libc.mount(b'none', b'/', None, MS_REC_PRIVATE, None):
        raise MockError(80, f'Namespace unshare failed: {os.strerror(ctypes.get_errno())}')
    mock = Mock(options, config, uid, gid)

    def end(number, _frame):
        mock.kill_orphans()
        os._exit(128 + number)
    signal.signal(signal.SIGTERM, end)
    if args and options.mode in ('rebuild', 'installdeps') and not os.path.isfile(args[-1]):
        raise MockError(1, f'Cannot find/open srpm: {args[-1]}')
    return mock.do(args)


try:
    sys.exit(main())
except MockError as error:
    print(f'ERROR: {error}', file=sys.stderr, flush=True)
    sys.exit(error.code)
