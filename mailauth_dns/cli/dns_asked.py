"""Which name servers a verdict comes from, in a line for people."""

from __future__ import annotations

from mailauth_dns.cli.session import Session
from mailauth_dns.live.resolver import LiveResolver

_SHOWN = 3  # zones that are named


def say(session: Session, live: LiveResolver) -> None:
    """Say where DNS is asked: zones of policies at their own servers, the rest at resolvers."""
    zones = sorted(live.servers.items())
    shown = [
        f"{zone} at {', '.join(map(str, servers)) or 'the servers that it is delegated to'}"
        for zone, servers in zones[:_SHOWN]
    ]
    if more := len(zones) - len(shown):
        shown.append(f"{more} more at their own servers")
    names = "other names" if shown else "names"
    shown.append(
        f"all {names} at {', '.join(map(str, live.resolvers))}"
        if live.resolvers
        else f"this machine has no resolver for {names}"
    )
    session.say(f"DNS was asked: {'; '.join(shown)}")
