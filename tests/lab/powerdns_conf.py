"""How PowerDNS is set up: one SQLite file, and its HTTP API on the address that answers DNS."""

from __future__ import annotations

from pathlib import Path

SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
DATABASE = "pdns.db"


def conf(folder: str, address: str, port: int, api_port: int, secret: str, clients: str) -> str:
    """Return pdns.conf for this address; `clients` may use the API and transfer zones."""
    return f"""launch=gsqlite3
gsqlite3-database={folder}/{DATABASE}
local-address={address}
local-port={port}
socket-dir={folder}
api=yes
api-key={secret}
webserver=yes
webserver-address={address}
webserver-port={api_port}
webserver-allow-from={clients}
allow-axfr-ips={clients}
daemon=no
guardian=no
dname-processing=yes
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600
security-poll-suffix=
"""
