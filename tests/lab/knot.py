"""Knot DNS with updates and transfers under one TSIG key."""

from __future__ import annotations

import base64
import secrets

from tests.lab.bind import Bind
from tests.lab.master_files import knot_conf


class Knot(Bind):
    """Knot DNS, asked and changed as BIND is: by RFC 2136 and AXFR."""

    id = "knot"
    program = "knotd"

    def prepare(self) -> None:
        zones = self.folder / "zones"
        zones.mkdir(exist_ok=True)
        self.secret = (
            getattr(self, "secret", None) or base64.b64encode(secrets.token_bytes(32)).decode()
        )
        self.environment = {"LAB_BIND_SECRET": self.secret}
        for zone, text in self.zones.items():
            file = zones / f"{zone}.zone"
            if not file.exists():
                file.write_text(text)
        (self.folder / "knot.conf").write_text(
            knot_conf(self.folder, self.port)
            + f"""key:
  - id: lab-key
    algorithm: hmac-sha256
    secret: {self.secret}
acl:
  - id: lab
    key: lab-key
    action: [transfer, update]
template:
  - id: default
    storage: {zones}
    file: "%s.zone"
    acl: lab
zone:
"""
            + "".join(f"  - domain: {zone}\n" for zone in self.zones)
        )

    def command(self) -> list[str]:
        return ["knotd", "-c", str(self.folder / "knot.conf")]
