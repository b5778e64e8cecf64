"""A sender as a policy has it, by the examples of its entry: for people who have not set it up."""

from __future__ import annotations

import re
from datetime import date, timedelta

from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.senders.ask import Ask
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.use import Said, Use
from mailauth_dns.senders.uses import use_of
from mailauth_dns.typed_yaml.flow_text import flow_text

Answers = dict[str, str | tuple[str, ...]]
Shown = tuple[str, str, str]  # owner name, type, value

_LONGEST = 76  # characters of a line to paste


def answers(entry: Entry) -> Answers:
    """Return an example of each answer that a policy gives; defaults need none."""
    return {key: _answer(ask) for key, ask in entry.asks.items() if ask.default is None}


def _answer(ask: Ask) -> str | tuple[str, ...]:
    if ask.count is None:
        return ask.example
    return tuple(_varied(ask, number) for number in range(ask.count))


def _varied(ask: Ask, number: int) -> str:
    """Return another example of a list's item, as no two items are the same."""
    varied = f"{ask.example[:-1]}{number + 1}"
    fits = ask.pattern is None or re.fullmatch(ask.pattern, varied)
    return varied if number and fits else ask.example


def use(sender: str, entry: Entry, domain: DomainName) -> Use:
    """Return what the sender comes to for a domain that answers with its examples."""
    said = Said(sender, sender, answers(entry))
    found, wrong = use_of(said, domain, Catalogue({sender: entry}), date.min, timedelta())
    assert found is not None, wrong  # a test tries the examples of every entry
    return found


def block(sender: str, said: Answers) -> tuple[str, ...]:
    """Return the lines of a policy's `senders` that declare a sender so."""
    line = f"  {sender}: {flow_text(said)}"
    if len(line) <= _LONGEST:
        return "senders:", line
    return ("senders:", f"  {sender}:", *(f"    {key}: {flow_text(said[key])}" for key in said))


def records(found: Use, domain: DomainName) -> tuple[Shown, ...]:
    """Return the records that a policy with this sender alone publishes for the domain."""
    shown: list[Shown] = []
    if found.terms:
        shown.append((domain, "TXT", f"{spf.VERSION} {' '.join(found.terms)} ~all"))
    for each in found.selectors:
        name = below(f"{each.selector}._domainkey", domain)
        if each.cname is not None:
            shown.append((name, "CNAME", f"{each.cname}."))
        else:
            shown.append((name, "TXT", f"v=DKIM1; k={each.k or 'rsa'}; p={each.p}"))
    path = found.path
    if path is not None and path.is_published:
        shown += [(path.name, "CNAME", path.cname)] if path.cname is not None else []
        shown += [(path.name, "MX", each) for each in path.mx]
        shown += [(path.name, "TXT", path.spf)] if path.spf is not None else []
    return tuple(dict.fromkeys(shown))
