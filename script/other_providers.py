"""Makes the table of docs/reference/providers/others.md: what is seen of octoDNS's other providers.

    python script/other_providers.py FOLDER   installs each package below FOLDER; prints the rows

Each class is made from made-up arguments in a process of its own that cannot open a connection.
Nothing is asked.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import socket
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from octodns.provider.base import BaseProvider

from mailauth_dns.errors import MailAuthError

PACKAGES = [
    "autodns",
    "azion",
    "bunny",
    "cloudns",
    "constellix",
    "ddns",
    "digitalocean",
    "dnsimple",
    "dnsmadeeasy",
    "easydns",
    "edgecenter",
    "edgedns",
    "exoscale",
    "fastly",
    "gandi",
    "gcore",
    "infomaniak",
    "inwx",
    "katapult",
    "metaname",
    "mythicbeasts",
    "netbox-dns",
    "nexdns",
    "ns1",
    "opusdns",
    "ovh",
    "rackspace",
    "sakuracloud",
    "scaleway",
    "selectel",
    "technitiumdns",
    "transip",
    "ultra",
    "unifi",
    "xserver",
    "yandex",
]
_WANTED = ("TXT", "CNAME", "MX")
_DELETES = re.compile(r"self\._apply_?delete\(|self\._delete", re.IGNORECASE)


def main(folder: Path) -> None:
    for name in PACKAGES:
        place = folder / name
        if not place.exists():
            command = ["uv", "pip", "install", "-q", "--python", sys.executable, "--target"]
            subprocess.run(
                [*command, str(place), f"octodns-{name}", "octodns>=1.22,<2"], check=False
            )
        done = subprocess.run(
            [sys.executable, __file__, "--probe", name],
            env={"PYTHONPATH": f"{place}:{Path.cwd()}", "PATH": "/usr/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stdout.strip() or f"| {name} | | could not be loaded | | |")


def probe(package: str) -> None:
    """Print one row for each provider class of a package that is on the path."""
    module = import_module(f"octodns_{package.replace('-', '_')}")
    version = importlib.metadata.version(f"octodns-{package}")
    kinds = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, BaseProvider)
        and kind.__module__.startswith(module.__name__)
        and not inspect.isabstract(kind)
    ]
    for kind in kinds:
        row = [f"{package} {version}", f"`{module.__name__}.{kind.__name__}`"]
        print(
            "| "
            + " | ".join([*row, _made(kind, module.__name__), _types(kind), writes(kind)])
            + " |"
        )
    if not kinds:
        print(f"| {package} {version} | | no provider to write to | | |")


def _types(kind: type[BaseProvider]) -> str:
    missing = [type for type in _WANTED if type not in kind.SUPPORTS]
    return f"no {', '.join(missing)}" if missing else "TXT, CNAME, MX"


def writes(kind: type[BaseProvider]) -> str:
    """Return in words how a class changes a set, as far as its source tells."""
    update = next(
        (
            found
            for name in ("_apply_Update", "_apply_update", "_apply_updates")
            if (found := getattr(kind, name, None)) is not None
        ),
        None,
    )
    if update is None:
        return "in its own way"
    text = inspect.getsource(update)
    return "deletes it, then makes it anew" if _DELETES.search(text) else "changes it"


def _made(kind: type[BaseProvider], module: str) -> str:
    """Return whether the class is made from its stanza, through the code that plan uses."""
    from mailauth_dns.octo.provider_objects import Maker, _keys
    from mailauth_dns.policy.provider_stanza import Stanza

    required, _, _ = _keys(kind)
    arguments = {key: _made_up(key) for key in required}
    stanza = Stanza("x", "providers/x.yaml", f"{module}.{kind.__name__}", arguments)
    try:
        Maker(stanza, Path(tempfile.gettempdir())).make()
    except MailAuthError as error:
        text = str(error)
        return "asks the network to be made" if _NO_NETWORK in text else f"not made: {text[:60]}"
    return "made"


def _made_up(key: str) -> str | int:
    if key == "endpoint":
        return "ovh-eu"  # one of those that OVH's client knows
    if "url" in key:
        return "https://api.example.net"
    return 8443 if "port" in key else "made-up-value"


_NO_NETWORK = "this process opens no connection"


def _refuse(*_: object, **__: object) -> NoReturn:
    raise OSError(_NO_NETWORK)


if __name__ == "__main__":
    if sys.argv[1] == "--probe":
        socket.socket.connect = _refuse  # type: ignore[method-assign]
        socket.getaddrinfo = _refuse
        probe(sys.argv[2])
    else:
        main(Path(sys.argv[1]))
