"""The name servers that tests run on, and why one cannot be started here."""

from __future__ import annotations

import shutil

from tests.lab.bind import Bind
from tests.lab.knot import Knot
from tests.lab.master_files import KnotFiles, Nsd
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.powerdns_conf import SCHEMA

SERVERS: tuple[type[NameServer], ...] = (Bind, PowerDns, Knot)  # asked by their protocol or API
FILE_SERVERS: tuple[type[NameServer], ...] = (KnotFiles, Nsd)  # behind provider `local`


def missing(kind: type[NameServer]) -> str | None:
    """Return why this server cannot be started here, or None."""
    if shutil.which(kind.program) is None:
        return f"{kind.program} is not installed (script/servers gets it)"
    if kind is PowerDns and not SCHEMA.exists():
        return "PowerDNS's SQLite backend is not installed (script/servers gets it)"
    return None
