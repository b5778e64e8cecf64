"""The zones of the team: in master files that `serve` answers from, or at BIND."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from mailauth_dns.serve.server import LoopbackServer
from tests.lab.bind import Bind

ZONES = ("example.com", "example.net")
TEXT = """$ORIGIN {zone}.
$TTL 300
@ IN SOA ns1 hostmaster 1 3600 600 86400 300
@ IN NS ns1
@ IN MX 10 mx
@ IN TXT "site-verification=abc"
ns1 IN A 127.0.0.1
mx IN A 192.0.2.10
"""


class Files:
    """Master files in a folder, changed by the provider `local`."""

    secrets: Mapping[str, str] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "served"
        self.folder.mkdir()
        for zone in ZONES:
            (self.folder / f"{zone}.zone").write_text(TEXT.format(zone=zone))
        self.stanza: Mapping[str, object] = {
            "class": "mailauth_dns.octo.LocalProvider",
            "directory": str(self.folder),
        }
        self._server = LoopbackServer(self.folder)

    def __enter__(self) -> Self:
        self._server.__enter__()
        self.port = self._server.port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)

    def change_by_hand(self, zone: str, name: str, value: str) -> None:
        path = self.folder / f"{zone}.zone"
        owner = f"{name}."
        kept = [
            line
            for line in path.read_text().splitlines()
            if line.split()[:1] not in ([owner], [name.removesuffix(f".{zone}")])
        ]
        path.write_text("\n".join([*kept, f'{owner} 300 IN TXT "{value}"', ""]))


class AtBind:
    """BIND, changed by updates under a TSIG key: the secret that only CI has."""

    def __init__(self, _folder: Path) -> None:
        self._server = Bind({zone: TEXT.format(zone=zone) for zone in ZONES})

    def __enter__(self) -> Self:
        self._server.start()
        self.port = self._server.port
        self.secrets: Mapping[str, str] = self._server.environment
        self.stanza: Mapping[str, object] = self._server.stanza()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def change_by_hand(self, zone: str, name: str, value: str) -> None:
        self._server.put(zone, name, "TXT", 300, f'"{value}"')
