"""The machine's log: what programs send to /dev/log goes to /var/log/mail.log."""

from __future__ import annotations

import re
import selectors
import socket
from datetime import datetime
from pathlib import Path

# Postfix's programs run in a chroot of their own, where Debian has rsyslog listen as well.
SOCKETS = (Path("/var/spool/postfix/dev/log"), Path("/dev/log"))
LOG = Path("/var/log/mail.log")


def main() -> None:
    ready = selectors.DefaultSelector()
    for path in SOCKETS:
        path.parent.mkdir(parents=True, exist_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(str(path))
        path.chmod(0o666)
        ready.register(listening, selectors.EVENT_READ)
    with LOG.open("a") as log:
        while True:
            for key, _ in ready.select():
                assert isinstance(key.fileobj, socket.socket)
                line = key.fileobj.recv(65536).decode(errors="replace").rstrip("\0\n")
                # "<22>Nov 28 11:00:00 postfix/smtp[7]: ...": the time is in the machine's words.
                text = re.sub(r"^<\d+>(\w{3} [ \d]\d [\d:]{8} )?", "", line)
                log.write(f"{datetime.now().astimezone():%b %e %H:%M:%S} mx {text}\n")
                log.flush()


if __name__ == "__main__":
    main()
