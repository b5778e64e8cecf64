"""What changes of a sender's records mean: where bounces go, and whether its mail still aligns.

A return path is the domain in MAIL FROM. SPF counts for DMARC only where it aligns with the author
domain (RFC 9989 §4.4.2), and a return path of a sender's own does not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailauth_dns.compile.publication import Declared, OfSender
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.zone_states import Sides

_ALIGNS = {"yes": "SPF aligns (relaxed)", "no": "SPF does not align"}


def return_path_changed(
    entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides, now: datetime
) -> Judgement:
    """Judge an alias or exchangers at a return path."""
    assert entry.sender is not None
    if not after:
        return _gone(entry, entry.sender, now)
    alias = entry.key[1] == "CNAME"
    where, was = (", ".join(_targets(values)) for values in (after, before))
    if was == where:
        return Judgement(f"return path of {entry.sender.name}: only the preferences change")
    led = "bounces and SPF are left to" if alias else "bounces go to"
    said = f"return path of {entry.sender.name}: {led} {where}"
    if was:
        return Judgement(
            f"{said}, no longer to {was}; its mail aligns only if its console says the same",
            Risk.CAUTION,
        )
    said += f"; {_aligns(entry.sender)}"
    if not alias and sides.is_host(entry.key[0]):
        # Without an MX, mail goes to the address (RFC 5321 §5.1).
        said += f"; mail to {entry.key[0]} no longer goes to the host of that name"
        return Judgement(said, Risk.CAUTION)
    return Judgement(said)


def at_return_path(
    entry: Declared, judged: Judgement, after: frozenset[str], now: datetime
) -> Judgement:
    """Return the judgement of an SPF record that stands at a return path."""
    assert entry.sender is not None
    if not after:
        return _gone(entry, entry.sender, now)
    said = f"return path of {entry.sender.name}: {judged.meaning}"
    return replace(judged, meaning=f"{said}; {_aligns(entry.sender)}")


def of_retired(sender: OfSender, judged: Judgement) -> Judgement:
    """Return a judgement that begins with why a sender's key goes."""
    said = f"{_retired(sender)}: {judged.meaning}"
    if sender.still is None:
        return replace(judged, meaning=said)
    said += f"; the policy still has it as {sender.still}"
    return replace(judged, meaning=said, risk=max(judged.risk, Risk.CAUTION))


def _gone(entry: Declared, sender: OfSender, now: datetime) -> Judgement:
    name = entry.key[0]
    said = f"{_retired(sender)}: its return path {name} goes; bounces to it are lost"
    said += (
        ", and mail that it still sends no longer aligns by SPF"
        if sender.still is None
        else f"; the policy still has it as {sender.still}: what that sends through {name} no "
        "longer aligns by SPF"
    )
    if entry.needed_until is None or entry.needed_until <= now:
        return Judgement(said, Risk.CAUTION)
    said += f"; until {entry.needed_until:%Y-%m-%d} its mail may still be on its way"
    return Judgement(said, Risk.BREAKING, ("DKIM030",))


def _retired(sender: OfSender) -> str:
    day = f" retired {sender.retired}" if sender.retired is not None else " is retired"
    return f"{sender.name}{day}"


def _aligns(sender: OfSender) -> str:
    return _ALIGNS.get(sender.relaxed, "whether SPF aligns is unknown")


def _targets(values: frozenset[str]) -> list[str]:
    """Return where an alias or exchangers lead, the most preferred first."""
    pairs = (value.rpartition(" ") for value in values)
    found = sorted((int(preference or 0), target) for preference, _, target in pairs)
    return [target.rstrip(".").lower() for _, target in found]
