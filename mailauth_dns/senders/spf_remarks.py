"""What is told of each name in an SPF record: whose it is, and whether it is of use there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailauth_dns.senders.discovery import Discovered
from mailauth_dns.senders.entry import Entry, ReturnPathClass
from mailauth_dns.senders.facts import Grade
from mailauth_dns.senders.published import Published, target
from mailauth_dns.senders.recognition import Recognition, Trace


@dataclass(frozen=True, slots=True)
class SpfRemark:
    """A remark on one term; `goes` tells whether the term is to be taken out."""

    kind: str
    term: str
    text: str
    goes: bool = False


def remarks_on(
    there: Published,
    recognition: Recognition,
    found: Mapping[str, Discovered],
    named: frozenset[str],
    dead: frozenset[str],
) -> Iterator[SpfRemark]:
    """Yield what is told of each term: `found` are the senders that are there, `named` whole."""
    for term in there.terms:
        name = target(term)
        if name in dead:
            text = f"{name} publishes no SPF record: receivers return permerror"
            yield SpfRemark("dead", term, text, goes=True)
        elif name is None or name == there.domain or name.endswith(f".{there.domain}"):
            continue  # no name, or one's own
        elif (wrong := recognition.known_wrong(Trace.WRONG_INCLUDE, name)) is not None:
            sender, fact = wrong
            right = any(found[each].entry is sender for each in named if each in found)
            yield SpfRemark(
                "wrong",
                term,
                f"not what {sender.name} gives: {_sentence(fact.instead)}"
                + ("" if right else "; it stays until you know"),
                goes=right,
            )
        else:
            yield from _whose(there, recognition, found, term, name)


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _whose(
    there: Published,
    recognition: Recognition,
    found: Mapping[str, Discovered],
    term: str,
    name: str,
) -> Iterator[SpfRemark]:
    senders = recognition.senders(Trace.INCLUDE, name)
    if not senders:
        yield SpfRemark("unknown", term, "nobody in the catalogue has this name; it stays")
        return
    owner = next((each for each in senders if each in found), senders[0])
    entry = recognition.catalogue.get(owner)
    assert entry is not None
    if not entry.is_compiled:
        yield SpfRemark(
            "stays", term, f"{entry.name}: recognised, but its records are not known; it stays"
        )
        return
    why = useless(entry)
    if why is None:
        if "include:" not in term.lower():
            yield SpfRemark("stays", term, f"{entry.name}: this is no include, and stays")
        return
    hosts = there.exchangers.get("", ())
    at_home = any(owner in recognition.senders(Trace.RETURN_PATH, host) for host in hosts)
    others = [
        other
        for each in senders
        if each != owner and (other := recognition.catalogue.get(each)) is not None
    ]
    proven = owner in found and (found[owner].selectors or found[owner].return_path is not None)
    if at_home:
        yield SpfRemark("stays", term, f"{entry.name}: {there.domain} is its return path itself")
    elif not proven and any(other.is_compiled and useless(other) is None for other in others):
        yield SpfRemark("stays", term, f"{entry.name}: of use only where a setting there says so")
    else:
        weak = entry.spf is not None and entry.grade(entry.spf) is Grade.GUIDE
        yield SpfRemark("useless", term, f"{entry.name}: {_sentence(why)}", goes=not weak)


def useless(entry: Entry) -> str | None:
    """Return why a sender's include at the domain itself cannot align; None where it may."""
    if entry.spf is not None:
        return entry.spf.why if entry.spf.useful == "no" else None
    path = entry.return_path
    if path is None or path.class_ == ReturnPathClass.OWN_DOMAIN:
        return None
    where = f"is below {path.domain}" if path.domain else "is a sub-domain of yours"
    return f"its return path {where}, so an include here can never align"
