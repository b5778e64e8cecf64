"""The receiver's mailbox: what mx.example.net found in the newest message."""

from __future__ import annotations

import email.parser
import re
import sys
import time
from email.message import Message
from pathlib import Path

from playground.arguments import Parser
from playground.places import INBOX, KEYS

from tests.lab.mailhost import results

SEEN = Path(KEYS, "inbox-seen")
SHOWN = ("From", "To", "Subject")


def main(arguments: list[str]) -> int:
    parser = Parser(
        prog="receiver-inbox",
        description="Shows the newest message at mx.example.net and what it found in it: SPF, DKIM"
        " and DMARC. It waits for a message that it has not shown yet.",
    )
    parser.add_argument("--save", metavar="FILE", type=Path, help="write the message to FILE")
    parser.add_argument(
        "--all", action="store_true", help="all headers, such as Authentication-Results"
    )
    parser.add_argument("--wait", type=float, default=30, metavar="SECONDS", help="default: 30")
    asked = parser.parse_args(arguments)
    path = _newest(asked.wait)
    if path is None:
        print("no mail has come: look at mailq and /var/log/mail.log", file=sys.stderr)
        return 1
    octets = path.read_bytes()
    _show(octets, everything=asked.all)
    if asked.save is not None:
        asked.save.write_bytes(octets)
    return 0


def _newest(patience: float) -> Path | None:
    """Return the newest message, after waiting for one that was not shown before."""
    until = time.monotonic() + patience
    shown = SEEN.read_text() if SEEN.exists() else ""
    while True:
        found = sorted(Path(INBOX).glob("*/new/*"), key=lambda path: path.stat().st_mtime_ns)
        if found and found[-1].name != shown:
            SEEN.write_text(found[-1].name)
            return found[-1]
        if time.monotonic() > until:
            if found:
                print("no new mail has come; this is the last one:", file=sys.stderr)
            return found[-1] if found else None
        time.sleep(0.1)


def _show(octets: bytes, *, everything: bool) -> None:
    message = email.parser.BytesParser().parsebytes(octets)
    for name, value in message.items():
        if everything or name in SHOWN:
            print(f"{name}: {value}")
    print()
    for method, (result, about) in _found(message).items():
        print(f"{method:5}  {result.upper():9} {about}".rstrip())


def _found(message: Message) -> dict[str, tuple[str, str]]:
    """Return what the receiver found by each method, and about whom, as mail programs show it."""
    every = results(message)
    spf = str(message["Received-SPF"] or "none")
    address = re.search(r"client-ip=([^;\s]+)", spf)
    return {
        "SPF": (spf.split()[0], f"with IP {address[1]}" if address else ""),
        "DKIM": (" ".join(every.get("dkim", ["none"])), ", ".join(_signers(message))),
        "DMARC": (" ".join(every.get("dmarc", ["none"])), ""),
    }


def _signers(message: Message) -> list[str]:
    return [
        f"with domain {domain}, selector {selector}"
        for header in message.get_all("DKIM-Signature", [])
        if (domain := _tag(header, "d")) and (selector := _tag(header, "s"))
    ]


def _tag(header: str, name: str) -> str:
    found = re.search(rf"(?:^|;)\s*{name}=([^;\s]+)", header)
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
