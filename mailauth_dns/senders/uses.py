"""From what a policy says of a sender to what that sender needs in the domain.

What makes mail align decides (RFC 9989 §5.3): an include stands at the domain itself only where the
return path is that domain and the include can align.
"""

from __future__ import annotations

from datetime import date, timedelta

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName, domain_name, publishable_name
from mailauth_dns.senders import own_host, placement
from mailauth_dns.senders.answers import AnswerProblem, Answers, Found, problems
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Entry, ReturnPath, ReturnPathClass
from mailauth_dns.senders.templates import filled
from mailauth_dns.senders.use import OWN_HOST, Life, ReturnPathRecords, Said, Selector, Use


def use_of(
    said: Said, domain: DomainName, catalogue: Catalogue, today: date, grace: timedelta
) -> Found:
    """Return a sender as `domain` uses it, or None and what is wrong with the policy's words."""
    life = Life.of(said.retired, grace, today)
    if said.sender == OWN_HOST:
        return own_host.use_of(said, domain, life)
    if said.sender in catalogue.broken:
        return None, ()
    entry = catalogue.get(said.sender)
    if entry is None or not entry.is_compiled:
        return None, (_unknown(said, entry, catalogue),)
    wrong = (*problems(said, entry), *placement.problems(said, entry, domain))
    if wrong:
        return None, wrong
    try:
        return _of_entry(said, entry, domain, life), ()
    except RecordSyntaxError as error:
        return None, (AnswerProblem((), f"{entry.name}: {error}"),)


def _unknown(said: Said, entry: Entry | None, catalogue: Catalogue) -> AnswerProblem:
    route = () if said.key == said.sender else ("sender",)
    if entry is not None:
        return AnswerProblem(
            route,
            f"the catalogue only recognises {entry.name}, and does not know its records; use "
            f"`spf.terms` and `dkim.selectors`, or describe it in zones/senders/{said.sender}.yaml",
        )
    close = catalogue.close_to(said.sender)
    instead = f": did you mean {' or '.join(close)}?" if close else "."
    return AnswerProblem(
        route,
        f"there is no sender {said.sender!r}{instead} `mailauth-dns senders` lists all; "
        f"a host of your own is `{said.key}: {{sender: {OWN_HOST}, ip: [192.0.2.10]}}`",
    )


def _of_entry(said: Said, entry: Entry, domain: DomainName, life: Life) -> Use:
    assert entry.return_path is not None
    answers = Answers(said, entry, domain)
    notes: list[str] = []
    path = _path(entry, entry.return_path, domain, answers, notes)
    aligns = entry.return_path.aligns
    # Without the return path that the policy does not give, the sender takes its own.
    left_out = entry.return_path.at is not None and path is None
    return Use(
        said.key,
        said.sender,
        entry.name,
        entry,
        _mail_from(entry.return_path, domain, path),
        "no" if left_out else aligns.relaxed,
        "no" if left_out else aligns.strict,
        terms=_terms(entry, answers, notes),
        selectors=_selectors(entry, answers, notes),
        path=path,
        notes=tuple(notes),
        life=life,
    )


def _terms(entry: Entry, answers: Answers, notes: list[str]) -> tuple[str, ...]:
    """Return the terms for the domain itself; a useless include is left out, with a note."""
    if entry.spf is None:
        return ()
    given = [each for each in entry.spf.templates if not answers.missing(each)]
    found = tuple(map(answers.one, given))
    if entry.spf.useful == "no":
        named = ", ".join(each.removeprefix("include:") for each in found)
        which = f" ({named})" if named else ""
        notes.append(f"include of {entry.name}{which} left out: {entry.spf.why}")
        return ()
    for template in entry.spf.templates:
        if missing := answers.missing(template):
            notes.append(_left_out(entry, f"{template.partition(':')[0]} in SPF", missing))
    return tuple(map(_one_term, found))


def _one_term(text: str) -> str:
    """Return a term of SPF; an answer cannot bring more of them, nor an `all` or a modifier."""
    record = spf.parse(f"{spf.VERSION} {text}")
    modifiers = (record.redirect, record.exp, *record.unknown)
    if len(record.terms) != 1 or record.all is not None or any(modifiers):
        raise RecordSyntaxError(text, 0, len(text), "one SPF term")
    return text


def _selectors(entry: Entry, answers: Answers, notes: list[str]) -> tuple[Selector, ...]:
    found = []
    for each in entry.dkim.selectors if entry.dkim is not None else ():
        if missing := answers.missing(each.selector, each.cname, each.p):
            notes.append(_left_out(entry, "a DKIM key", missing))
            continue
        for values in answers.each(each.selector, each.cname, each.p):
            selector = placement.selector(filled(each.selector, values))
            values = {**values, "selector": selector}
            cname = str(domain_name(filled(each.cname, values))) if each.cname else None
            p = filled(each.p, values) if each.p else None
            found.append(Selector(selector, cname, p, each.k))
    return tuple(found)


def _left_out(entry: Entry, what: str, missing: tuple[str, ...]) -> str:
    found = " ".join(f"{key}: {entry.asks[key].find.strip()}" for key in missing)
    return f"{what} of {entry.name} is left out, since the policy does not give it. {found}"


def _path(
    entry: Entry, path: ReturnPath, domain: DomainName, answers: Answers, notes: list[str]
) -> ReturnPathRecords | None:
    if path.at is None:
        return None
    exchanges = tuple(each.exchange for each in path.mx)
    if missing := answers.missing(path.at, path.cname, *exchanges, *path.spf, *path.ns):
        notes.append(_left_out(entry, "the return path", missing))
        return None
    mx = (f"{each.preference} {domain_name(answers.one(each.exchange))}." for each in path.mx)
    terms = " ".join(_one_term(answers.one(each)) for each in path.spf)
    text = f"{spf.VERSION} {terms} ~all" if terms else None
    return ReturnPathRecords(
        publishable_name(f"{placement.plain_labels(answers.one(path.at))}.{domain}"),
        f"{domain_name(answers.one(path.cname))}." if path.cname is not None else None,
        tuple(mx),
        text,
        tuple(domain_name(answers.one(each)) for each in path.ns),
        tuple(DomainName(each) for each in path.zones),
    )


def _mail_from(
    path: ReturnPath, domain: DomainName, records: ReturnPathRecords | None
) -> DomainName | None:
    """Return the domain in MAIL FROM, None where nobody knows it."""
    if path.class_ == ReturnPathClass.OWN_DOMAIN:
        return domain
    if path.class_ == ReturnPathClass.VENDOR_DOMAIN:
        return DomainName(path.domain) if path.domain is not None else None
    return records.name if records is not None else None
