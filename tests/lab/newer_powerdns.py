"""EXTEND and PRUNE of newer PowerDNS servers, done by the real one where it is new enough.

In front of an older one they are carried out as documented, with the set that it has at that
moment.
"""

from __future__ import annotations

import json
from typing import Any

from tests.lab.powerdns import PowerDns


def has_single_values(server: PowerDns) -> bool:
    """Tell whether this server changes single values: Debian 12's does not, Debian 13's does."""
    return (4, 9, 12) <= server.version < (5,) or server.version >= (5, 0, 2)


class SingleValues:
    """Notes the changes, and turns those of single values into those of whole sets."""

    def __init__(self, server: PowerDns) -> None:
        self._server = server
        self.sent: list[str] = []  # the kinds of change

    def __call__(self, changes: Any) -> Any:
        self.sent += [entry["changetype"] for entry in changes["rrsets"]]
        if has_single_values(self._server):
            return changes
        whole: dict[tuple[str, str], Any] = {}
        for entry in changes["rrsets"]:
            key = (entry["name"], entry["type"])
            if entry["changetype"] not in ("EXTEND", "PRUNE"):
                whole[key] = entry
                continue
            there = whole.get(key) or {**self._there(*key, entry["ttl"]), "changetype": "REPLACE"}
            [record] = entry["records"]
            rest = [each for each in there["records"] if each["content"] != record["content"]]
            added = [record] if entry["changetype"] == "EXTEND" else []
            whole[key] = {**there, "records": rest + added}
        return {"rrsets": list(whole.values())}

    def _there(self, name: str, type: str, ttl: int) -> Any:
        zone = json.loads(self._server.ask_api("GET", "/zones/example.com."))
        for entry in zone["rrsets"]:
            if (entry["name"], entry["type"]) == (name, type):
                return entry
        return {"name": name, "type": type, "ttl": ttl, "records": []}
