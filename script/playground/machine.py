"""The user's machine: mx.example.com with a mail server as Debian's packages leave it.

Its root is this machine's own file system, seen through a layer that keeps what is written. So
the real programs and their real configuration are there, and nothing here changes.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from playground.places import CHECKOUT, HOME, INBOX, MACHINE, RESOLVER, SHARED

from tests.lab.namespaces import Namespaces

NAME = "mx.example.com"
_ROOT = "/srv/root"
_LAYER = f"""
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /srv
mkdir /srv/upper /srv/work {_ROOT}
mount -t overlay overlay -o lowerdir=/,upperdir=/srv/upper,workdir=/srv/work {_ROOT}
cd {_ROOT}
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,ro,bind proc/sys # it is the whole machine's
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
  touch dev/$node && mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm
mount --rbind /dev/pts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s /proc/self/fd dev/fd && ln -s pts/ptmx dev/ptmx
ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr
mkdir -p .{HOME} .{INBOX}
for folder in run var/spool/postfix var/lib/postfix var/log var/mail .{HOME}; do
  mount -t tmpfs -o mode=755 tmpfs $folder
done
mount --bind {SHARED}/inbox .{INBOX} && mount -o remount,ro,bind .{INBOX}
"""
_PIVOT = """
mkdir run/old && pivot_root . run/old && umount -l /run/old && rmdir /run/old
"""
# What the packages' own set-up asks on a fresh machine, answered as for an "Internet Site".
_STOCK = f"""
mkdir -p /run/systemd/system # programs ask it whether units start them
hostname {NAME}
echo {NAME} > /etc/hostname && echo {NAME} > /etc/mailname
printf '127.0.0.1 localhost\\n{MACHINE} {NAME} mx\\n' > /etc/hosts
rm -f /etc/resolv.conf && echo 'nameserver {RESOLVER}' > /etc/resolv.conf
cd /etc/postfix
cp /usr/share/postfix/master.cf.dist master.cf
cat /usr/share/postfix/main.cf.debian /usr/share/postfix/main.cf.tls > main.cf
while read -r setting; do postconf -e "$setting"; done <<'END'
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = {NAME}
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
myorigin = /etc/mailname
mydestination = $myhostname, {NAME}, localhost.example.com, , localhost
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
END
chown postfix: /var/lib/postfix
if id _rspamd > /dev/null 2>&1; then install -d -o _rspamd /var/log/rspamd; fi
newaliases
"""
_SIGNERS = {
    "opendkim": ("/etc/opendkim.conf", "/etc/dkimkeys", "/usr/sbin/opendkim"),
    "rspamd": ("/etc/rspamd", "/usr/bin/rspamd"),
}
_TERMINAL = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "COLUMNS")
_PYTHON = f"{CHECKOUT}/.venv/bin/python"
_PATHS = f"PYTHONPATH={CHECKOUT}/script:{CHECKOUT}"
_COMMANDS = {
    "systemctl": "playground.systemctl",
    "registrar-form": "playground.registrar_form",
    "receiver-inbox": "playground.receiver_inbox",
}


class Machine(Namespaces):
    """The machine, on a wire to the world; `signer` is the program that is installed on it."""

    def __init__(self, signer: str, share: Path | None) -> None:
        self.signer = signer
        self.share = share

    def inside(self, *command: str) -> list[str]:
        """Return the command line that runs a command here, at this machine's root."""
        nsenter, *words = super().inside(*command)
        # The caller's folder is in another file system, where getcwd finds nothing.
        return [nsenter, f"--wd=/proc/{self.pid}/root", *words]

    def furnish(self, world: int) -> None:
        """Give it its root and its wire to the namespaces of the process `world`."""
        link = f"ip link add you type veth peer name eth0 netns {self.pid}"
        router = f"ip addr add {RESOLVER}/24 dev you && ip link set you up"
        subprocess.run(
            ["nsenter", "-t", str(world), "-n", "sh", "-euc", f"{link} && {router}"], check=True
        )
        self.shell(
            f"ip addr add {MACHINE}/24 dev eth0 && ip link set eth0 up"
            f" && ip route add default via {RESOLVER}"
        )
        shared = [CHECKOUT, Path(CHECKOUT / ".venv/bin/python").resolve().parents[1]]
        self.shell(_LAYER + "".join(map(_visible, shared)) + self._shared() + _PIVOT)
        for command, module in _COMMANDS.items():
            self._command(command, f"{_PATHS} exec {_PYTHON} -m {module}")
        self._command("mailauth-dns", f"exec {CHECKOUT}/.venv/bin/mailauth-dns")
        other = next(each for each in _SIGNERS if each != self.signer)
        self.shell(_STOCK + f"rm -rf {' '.join(_SIGNERS[other])}\n")
        self.write(f"{HOME}/.bashrc", "PS1='you@mx:\\w# '\nHISTFILE=\n")

    def _shared(self) -> str:
        if self.share is None:
            return ""
        path = shlex.quote(str(self.share))
        return f"mkdir -p .{path} && mount --bind {path} .{path}\n"

    def _command(self, name: str, does: str) -> None:
        path = f"/usr/local/bin/{name}"
        self.shell(f"rm -f {path}")
        self.write(path, f'#!/bin/sh\n{does} "$@"\n')
        self.outside(path).chmod(0o755)

    def secret(self, path: str, text: str) -> None:
        self.write(path, text)
        self.outside(path).chmod(0o600)

    def start(self) -> None:
        """Start what a machine with these packages has running."""
        self.begin(_PYTHON, "-m", "playground.syslog", PYTHONPATH=f"{CHECKOUT}/script")
        self.wait(lambda: self.outside("/dev/log").exists(), "the log")
        self.shell(f"systemctl start postfix {self.signer}")

    def command(self, words: Sequence[str]) -> int:
        """Run it here as the user would, on this terminal, and return its exit code."""
        kept = {name: os.environ[name] for name in _TERMINAL if name in os.environ}
        enter = 'cd "$1" && shift && exec "$@"'
        where = str(self.share or HOME)
        inside = ("sh", "-c", enter, "sh", where, *(words or ("bash", "-i")))
        code = subprocess.call(
            self.inside(*inside),
            env={
                **kept,
                "HOME": HOME,
                "USER": "root",
                "PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin",
            },
        )
        return code if code >= 0 else 128 - code  # as a shell tells of a signal


def _visible(path: Path) -> str:
    """Return what makes a folder visible that lies on another file system than the root."""
    if path.stat().st_dev == Path("/").stat().st_dev:
        return ""
    return f"mkdir -p .{path} && mount --rbind {path} .{path} && mount -o remount,ro,bind .{path}\n"
