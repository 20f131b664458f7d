"""Tries from inside of a build what no build may do; each try prints "PROBE <what> <done or why not>".

Arguments: <host> <port>... of witnesses on the builder's machine; the name of an abstract socket after "--".
"""

import ctypes
import errno
import os
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
MODULE = b"\x7fELF" + bytes(100)
# Numbers of x86_64; see Linux arch/x86/entry/syscalls/syscall_64.tbl.
SYSCALLS = {
    "init_module": (175, MODULE, len(MODULE), b""),
    "kexec_load": (246, 0, 0, 0, 0),
    "bpf": (321, 0, bytes(64), 64),
    "perf_event_open": (298, bytes(128), 0, -1, -1, 0),
    "add_key": (248, b"user", b"rekmod", b"x", 1, -4),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "reboot": (169, 0xFEE1DEAD, 672274793, 0, 0),
    "setuid": (105, 0),
    "mknod": (133, b"/tmp/device", 0o020666, 0x101),
    "open_by_handle_at": (304, 0, bytes(64), 0),
    "delete_module": (176, b"loop", 0),
}


def tell(what, why):
    print("PROBE", what, why, flush=True)


def try_syscall(name, number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(number, *args)
    tell(name, "done" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), "?"))


def try_connect(what, family, address):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(address)
        tell(what, "done")
    except OSError as error:
        tell(what, errno.errorcode.get(error.errno or 0, "timeout"))


def try_write(path):
    try:
        with open(path, "w") as file:
            file.write("1")
        tell("write:" + path, "done")
    except OSError as error:
        tell("write:" + path, errno.errorcode[error.errno])


def main():
    for name, call in SYSCALLS.items():
        try_syscall(name, *call)
    split = sys.argv.index("--")
    for host in [sys.argv[1], "10.0.2.2", "172.17.0.1", "169.254.169.254"]:
        for port in sys.argv[2:split]:
            try_connect("tcp:" + host, socket.AF_INET, (host, int(port)))
    try:
        socket.getaddrinfo("example.org", 80)
        tell("dns", "done")
    except OSError:
        tell("dns", "refused")
    try_connect("abstract", socket.AF_UNIX, "\0" + sys.argv[split + 1])
    for path in ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock"]:
        try_connect("engine", socket.AF_UNIX, path)
    for path in ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/fs/cgroup/memory/x", "/usr/bin/x", "/dev/x"]:
        try_write(path)
    for path in ["/rekmod/input/kmod.spec", "/rekmod/build-package.sh"]:
        try_write(path)
    os.close(os.open("/tmp/shell", os.O_CREAT | os.O_WRONLY))
    os.system("cp /usr/bin/id /tmp/id; chmod 4755 /tmp/id; echo PROBE uid $(/tmp/id -u)")
    for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
        try:
            with open(f"/proc/{pid}/environ") as file:
                for entry in file.read().split("\0"):
                    name, _, value = entry.partition("=")
                    if value:
                        tell("environment", name)
        except OSError:
            pass
    # What preparations were given has left empty places.
    for place in os.listdir("/rekmod"):
        path = "/rekmod/" + place
        if os.listdir(path) if os.path.isdir(path) else os.path.getsize(path):
            tell("given", place)
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(("Cap", "NoNewPrivs", "Seccomp:")):
                tell("status", "".join(line.split()))


main()
