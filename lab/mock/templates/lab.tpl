# The repository that lab/mock/make-root.sh makes; its place is put in by whoever uses this.
config_opts['root'] = 'lab'
config_opts['chroot_setup_cmd'] = 'install lab-root'
config_opts['package_manager'] = 'dnf'
config_opts['use_bootstrap'] = False
config_opts['dnf.conf'] = """
[main]
reposdir=/dev/null
gpgcheck=0
assumeyes=1
best=1
install_weak_deps=0

[lab]
name=lab
baseurl=@REPOSITORY@
enabled=1
"""
