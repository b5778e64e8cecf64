"""What a published domain lacks to be parked, which means that it sends and receives nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mailauth_dns.diff.change import Change, Difference
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.importing.sections import Section
from mailauth_dns.policy.repo import Route
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family

# The sections that `parked: true` stands for.
SAID = frozenset({("spf",), ("dmarc",), ("dkim", "selectors", "*")})
_NOBODY = {"terms": [], "all": "fail"}
_TAGS = ("p", "sp", "np")
_NOT_PARKED = ("adkim", "aspf", "fo", "psd", "t", "pct", "rf", "ri")


def section(sections: Mapping[Route, Section]) -> Section:
    """Return `parked: true` with the report addresses that are published, which it may name."""
    reports = {
        tag: uris for tag in ("rua", "ruf") if (uris := sections.get(("dmarc",), {}).get(tag))
    }
    return {"parked": True, **({"dmarc": reports} if reports else {})}


def is_near(sections: Mapping[Route, Section]) -> bool:
    """Tell whether a domain says that it sends nothing: nobody passes SPF, no key verifies."""
    selectors = (each for route, each in sections.items() if route[0] == "dkim")
    return sections.get(("spf",)) == _NOBODY and all(
        each.get("state") == KeyState.REVOKED for each in selectors
    )


def remainder(difference: Difference, sections: Mapping[Route, Section]) -> str | None:
    """Return in words what `parked: true` would change; None if the domain cannot be parked."""
    if difference.blocked:
        return None
    gained = [word for change in difference.changes for word in _gained(change)]
    lost = [word for change in difference.changes for word in _lost(change)]
    unsaid = [".".join(map(str, route)) for route in sections if route not in SAID]
    parts = [f"add {_listed(gained)}"] if gained else []
    parts += [f"take out {_listed(lost)}"] if lost else []
    parts += [f"leave {_listed(unsaid)} undeclared"] if unsaid else []
    return f"parked: true would {_listed(parts)}" if parts else None


def _gained(change: Change) -> Iterator[str]:
    if change.family is Family.NULL_MX:
        yield "the null MX"
    elif change.family is Family.DKIM and change.after:
        yield "the empty wildcard key (*._domainkey)"
    elif change.family is Family.DMARC:
        old, new = _policies(change)
        if old is None or new is None:
            yield "the DMARC record"
        else:
            for tag in _TAGS:
                if getattr(old, f"effective_{tag}") is not getattr(new, f"effective_{tag}"):
                    yield f"{tag}={getattr(new, tag)}"


def _lost(change: Change) -> Iterator[str]:
    if change.family is Family.DKIM and not change.after:
        yield "the alias at *._domainkey"
    elif change.family is Family.DMARC:
        old, _ = _policies(change)
        if old is not None:
            yield from (f"{tag}={value}" for tag, value in old.other)
            for tag in _NOT_PARKED:
                if replace(old, **{tag: None}).meaning != old.meaning:  # type: ignore[arg-type] # each of these may be None
                    value = getattr(old, tag)
                    yield f"{tag}={':'.join(value) if isinstance(value, tuple) else value}"


def _policies(change: Change) -> tuple[dmarc.Record | None, dmarc.Record | None]:
    """Return the DMARC records before and after; None for no record, a broken one, or several."""
    pair = [
        parsed(Family.DMARC, "TXT", next(iter(values))) if len(values) == 1 else None
        for values in (change.before, change.after)
    ]
    old, new = (record if isinstance(record, dmarc.Record) else None for record in pair)
    return old, new


def _listed(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
