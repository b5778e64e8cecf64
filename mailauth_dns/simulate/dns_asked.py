"""Which name servers verdicts come from, in a line for people."""

from __future__ import annotations

from mailauth_dns.live.resolver import LiveResolver

_SHOWN = 3  # zones that are named


def asked(live: LiveResolver) -> str:
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
    return f"DNS was asked: {'; '.join(shown)}"
