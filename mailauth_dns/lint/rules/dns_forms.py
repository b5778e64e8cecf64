"""Rules about what web forms do to records: DNS does not hold what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff import web_form_damage
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint.live_rules import Served, served, unasked
from mailauth_dns.lint.rule import At, Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

# DKIM021 reports it of keys.
_BACKSLASH = "a backslash before a semicolon is part of it"


def _texts(subject: Subject) -> Iterator[tuple[Route, Declared]]:
    for entry in subject.declared:
        if entry.key[1] == "TXT" and entry.values and entry.family is not Family.DMARC_REPORT:
            yield ("parked",) if subject.parked else (str(entry.family),), entry


def _own(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield from ((route, entry.key) for route, entry in _texts(subject))


@served("DNS010", "provider-quirk", Severity.ERROR, "RFC 1035 §5.1", keys=_own)
def provider_quirk(found: Served) -> Iterator[Problem]:
    r"""Receivers see no record in a text with quotes or backslashes, which a form has kept.

    They belong to master files.

    Bad:
        _dmarc.example.com. TXT "\"v=DMARC1; p=none\""
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=none"
    """
    for entry in (entry for _, entry in _texts(found.subject) if entry.key == found.key):
        for text in sorted(found.values):
            traces = web_form_damage.is_spoiled(found.key[0], entry.family, text)
            if traces is not None and not (entry.family is Family.DKIM and traces == _BACKSLASH):
                message = f"{text[:40]!r} is no record to receivers: {traces}"
                yield Problem(
                    found.route,
                    message,
                    "change it to the value without them: `export --format paste`",
                )


def _elsewhere(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield from ((route, (name, "TXT")) for route, _, name, _ in _wrong(subject))


def _wrong(subject: Subject) -> Iterator[tuple[Route, Declared, DomainName, str]]:
    """Yield wrong names for records; DKIM022, DMARC004 and TLSRPT004 look at others."""
    for route, entry in _texts(subject):
        for name, what in web_form_damage.misnamed(entry.key[0], subject.policy.zone):
            doubled = name.endswith(f"{entry.key[0]}.{subject.policy.zone}")
            if not (
                doubled
                and entry.family in (Family.DKIM, Family.DMARC)
                and subject.policy.zone == subject.domain
            ):
                yield route, entry, name, what


@rule(
    "DNS013", "name-mistyped", Severity.ERROR, "RFC 1035 §5.1", needs=Needs.SERVERS, keys=_elsewhere
)
def name_mistyped(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers never look at a name with the zone in it twice, or without its underscore.

    Bad:
        dmarc.example.com. TXT "v=DMARC1; p=none"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=none"
    """
    if (nobody := unasked(subject, ())) is not None:
        yield nobody
        return
    dark: Undecided | None = None
    for route, entry, name, what in _wrong(subject):
        for view in subject.servers:
            there = view.sets.get((name, "TXT"), Unknown("was not asked"))
            if isinstance(there, Unknown):
                dark = dark or Undecided(route, there.reason, At((name, "TXT"), view.server))
            elif there is not None and any(
                web_form_damage.looks_like(entry.family, entry.key[0], text)
                for text in there.values
            ):
                message = f"has a record that belongs at {entry.key[0]}: {what}"
                yield Problem(
                    route,
                    message,
                    f"enter it at {entry.key[0]}, and delete this one",
                    At((name, "TXT"), view.server),
                )
                break
    if dark is not None:
        yield dark  # one of many names is enough
