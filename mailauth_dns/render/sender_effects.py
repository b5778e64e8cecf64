"""What each sender of a policy comes to, and why: for `compile --explain`, as text and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from rich.text import Text

from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Policy, Route
from mailauth_dns.render.json_data import json_day
from mailauth_dns.render.terminal_text import count, styled
from mailauth_dns.senders.entry import ReturnPathClass
from mailauth_dns.senders.use import ReturnPathRecords, Use
from mailauth_dns.typed_yaml.yaml_tree import FileLine

_ALIGNS = {
    ("yes", "yes"): "SPF aligns, also where DMARC is strict",
    ("yes", "no"): "SPF aligns, but not where DMARC is strict (aspf: s)",
    ("yes", "unknown"): "SPF aligns; nobody says whether it does where DMARC is strict",
    ("no", "no"): "SPF never aligns, so DKIM alone makes its mail pass",
}
_UNKNOWN = "nobody says whether SPF aligns"
_LABEL = 8  # characters of the column that says what a line is about

Record = tuple[str, str, str]  # owner name, type, value


def lines(policies: Collection[Policy]) -> Iterator[Text]:
    """Yield what the senders of each policy come to; policies without senders are counted."""
    for policy in policies:
        if policy.senders:
            yield styled(0, (policy.domain, "bold"))
            for use in policy.senders:
                yield from _sender(policy, use)
            yield from _own(policy)
            yield Text()
    if silent := sum(not policy.senders for policy in policies):
        yield styled(
            0, f"{count(silent, 'policy', 'policies')} without senders: nothing to explain"
        )


def _sender(policy: Policy, use: Use) -> Iterator[Text]:
    place = _line(policy, ("senders", use.key))
    yield styled(
        2, (use.key, "bold"), f": {use.name} ({place.path}:{place.line})", (_life(use), "yellow")
    )
    own_terms, own_selectors = _own_terms(policy), _own_selectors(policy)
    for term in use.terms:
        yield _row("SPF", term + (", which spf.terms has too" if term in own_terms else ""))
    for each in use.selectors:
        target = f"alias of {each.cname}" if each.cname is not None else "its key"
        too = ", which dkim.selectors has too" if each.selector in own_selectors else ""
        yield _row("DKIM", f"selector {each.selector}: {target}{too}")
    for selector in use.signs_with:
        declares = "declares" if selector in own_selectors else "does not declare"
        yield _row("DKIM", f"signs with {selector}, which dkim.selectors {declares}")
    for name, type, value in _records(use.path):
        yield _row("path", f"{name} {type} {value}")
    if not (use.terms or use.selectors or use.signs_with or _records(use.path)):
        yield _row("none", "no record of the policy comes from this sender")
    yield _row("why", _why(policy, use))
    for note in use.notes:
        yield _row("but", note)


def _row(label: str, said: str) -> Text:
    return styled(4, (f"{label:<{_LABEL}}", "dim"), said)


def _life(use: Use) -> str:
    if use.life.gone:
        return (
            f"; retired {use.life.retired}, and gone since {use.life.gone_from}: this is taken away"
        )
    if use.life.retired is not None:
        return f"; retired {use.life.retired}: this goes on {use.life.gone_from}"
    return ""


def _why(policy: Policy, use: Use) -> str:
    """Return in a sentence whose domain is in MAIL FROM, and whether SPF aligns."""
    aligns = _ALIGNS.get((use.relaxed, use.strict), _UNKNOWN)
    if use.terms and use.relaxed == "unknown":
        aligns += ", so what it names for SPF is there in case it does"
    return f"{_return_path(policy, use)}: {aligns}"


def _return_path(policy: Policy, use: Use) -> str:
    if use.return_path is ReturnPathClass.OWN_DOMAIN:
        return f"the return path is {_surely(use)}{policy.domain} itself"
    if use.return_path is ReturnPathClass.VENDOR_DOMAIN:
        named = f", {use.mail_from}" if use.mail_from is not None else ""
        return f"the return path is {_surely(use)}the sender's own{named}"
    if use.path is None:
        return "the return path is the sender's own, since the policy names none"
    if not use.path.is_published:
        servers = ", ".join(use.path.name_servers) or "the sender's name servers"
        return f"the return path is {use.path.name}, which you delegate to {servers}"
    return f"the return path is {use.path.name}, which leads to the sender"


def _surely(use: Use) -> str:
    """Return how sure the return path is: without records of its own, it is what sources say."""
    return "probably " if use.relaxed == "unknown" else ""


def _records(path: ReturnPathRecords | None) -> tuple[Record, ...]:
    """Return what is published at a return path."""
    if path is None or not path.is_published:
        return ()
    alias = ((path.name, "CNAME", path.cname),) if path.cname is not None else ()
    text = ((path.name, "TXT", path.spf),) if path.spf is not None else ()
    return (*alias, *((path.name, "MX", each) for each in path.mx), *text)


def _own(policy: Policy) -> Iterator[Text]:
    """Yield what the policy declares beside its senders."""
    terms, selectors = _own_terms(policy), _own_selectors(policy)
    if terms or selectors:
        yield styled(2, ("of your own", "bold"))
    for term in terms:
        yield _row("SPF", f"{term}, from spf.terms")
    for selector in selectors:
        yield _row("DKIM", f"selector {selector}, from dkim.selectors")


def _own_terms(policy: Policy) -> tuple[str, ...]:
    section = policy.body.spf
    terms = section.terms if section is not None and section is not ABSENT else ()
    return tuple(
        term for number, term in enumerate(terms) if _is_own(policy, ("spf", "terms", number))
    )


def _own_selectors(policy: Policy) -> tuple[str, ...]:
    section = policy.body.dkim
    names: Iterable[str] = section.selectors if section is not None else ()
    return tuple(each for each in names if _is_own(policy, ("dkim", "selectors", each)))


def _is_own(policy: Policy, route: Route) -> bool:
    """Tell whether the policy says it itself; what a sender adds has the sender's place."""
    senders = {policy.place(("senders", use.key)) for use in policy.senders}
    return policy.place(route) not in senders


def _line(policy: Policy, route: Route) -> FileLine:
    return policy.place(route).file_line


def data(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    """Return the same as JSON data, for each policy."""
    return [
        {
            "domain": policy.domain,
            "senders": [_data(policy, use) for use in policy.senders],
            "own": {"spf": list(_own_terms(policy)), "dkim": list(_own_selectors(policy))},
        }
        for policy in policies
    ]


def _data(policy: Policy, use: Use) -> dict[str, Any]:
    place = _line(policy, ("senders", use.key))
    life = use.life
    return {
        "key": use.key,
        "sender": use.sender,
        "name": use.name,
        "path": place.path,
        "line": place.line,
        "retired": json_day(life.retired),
        "gone_from": json_day(life.gone_from),
        "gone": life.gone,
        "return_path": str(use.return_path),
        "mail_from": use.mail_from,
        "aligns": {"relaxed": use.relaxed, "strict": use.strict},
        "spf": list(use.terms),
        "dkim": [{"selector": each.selector, "cname": each.cname} for each in use.selectors],
        "signs_with": list(use.signs_with),
        "records": [
            {"name": name, "type": type, "value": value} for name, type, value in _records(use.path)
        ],
        "why": _why(policy, use),
        "notes": list(use.notes),
    }
