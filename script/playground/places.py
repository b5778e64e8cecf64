"""Who is where in the playground."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

# The network that the user's machine stands in: its router, which is also its resolver, the
# machine, and the name servers that may hold its zone.
RESOLVER, MACHINE, BIND, POWERDNS = (f"192.0.2.{last}" for last in (1, 10, 53, 54))
REGISTRIES = "198.51.100.1"  # the root and the top-level domains
# The receiver has a resolver of its own: what yours remembers does not mislead it.
RECEIVER, RECEIVER_NS, RECEIVER_RESOLVER = "203.0.113.25", "203.0.113.53", "203.0.113.1"
STRANGER = "203.0.113.66"  # a host that may not send for anybody

API_PORT = 8081  # PowerDNS's own default

HOME = "/home/you"  # on the machine
KEYS = "/run/playground"  # what the playground's own commands need
INBOX = "/var/playground/inbox"  # the receiver's mailbox, as the machine sees it
SHARED = "/media"  # a tmpfs that both sides see before either has a root of its own
