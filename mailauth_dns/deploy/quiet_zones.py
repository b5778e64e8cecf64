"""Plans of local zones without a look at what is as it was when nothing was to change.

A plan that asks no DNS depends on the files alone. So a zone whose files are, octet by octet, those
for which an earlier plan had nothing to change is planned by recalling what that plan said. All
others are planned as ever, with every policy that may have to do with them. Where in doubt, there
is nothing to recall, and the whole repo is planned.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mailauth_dns.cache.shelf import Shelf
from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.compile.report_consents import report_hosts
from mailauth_dns.deploy.quiet_book import Book, QuietZone, as_data, from_data
from mailauth_dns.deploy.quiet_inputs import Inputs, inputs_of, seen, shared_are
from mailauth_dns.deploy.quiet_notes import QuietNotes, quiet_zones
from mailauth_dns.deploy.zone_groups import led_to
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.plan import Plan, ZoneEntry
from mailauth_dns.plan.plan_json import zone_from_text
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.policy.load import load_some
from mailauth_dns.policy.provider_stanza import LOCAL, Stanza
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.records.renamed import First

# Makes a plan of a repo, or of a part of one, and lets what has nothing to do be noted.
Make = Callable[[Repo, tuple[Publication, ...], QuietNotes | None], Plan]
Zones = Mapping[str, QuietZone]  # by name


class _InDoubt(Exception):
    """Something may have to do with a zone that would be recalled."""


class QuietZones:
    """What is remembered of one repo, for plans with the same options."""

    def __init__(self, shelf: Shelf, root: Path, options: Iterable[object]) -> None:
        """Look at the files as they are before anything else reads them."""
        self._shelf, self._root, self._options = shelf, root, tuple(options)
        self._inputs = inputs_of(root, self._options) if shelf.is_open else None

    def recalled(self, make: Make) -> Plan | None:
        """Return the plan of the repo, in which `make` plans what is not recalled.

        Return None where the whole repo has to be planned.
        """
        book = self._book()
        if book is None or self._inputs is None or not book.zones:
            return None
        known = _known(book, self._inputs)
        if 2 * len(_policies(known)) < len(self._inputs.policies):
            return None
        try:
            return self._with_others(book, known, self._inputs, make)
        except (_InDoubt, MailAuthError, ValueError):
            return None  # what is wrong is told of the whole repo

    def whole(self, repo: Repo, publications: tuple[Publication, ...], make: Make) -> Plan:
        """Return the plan of all that a repo declares, and remember its quiet zones."""
        if self._inputs is None:
            return make(repo, publications, None)
        folders = _folders(repo.stanzas.values(), self._root)
        notes = QuietNotes({each.origin: each for each in publications}, folders)
        plan = make(repo, publications, notes)
        zones = dict(quiet_zones(repo, notes, plan, self._inputs))
        self._keep(Book(self._inputs.digest, folders, zones), self._inputs)
        return plan

    @property
    def _name(self) -> str:
        return f"quiet zones of {os.path.realpath(self._root)} {self._options}"

    def _book(self) -> Book | None:
        if self._inputs is None:
            return None
        book = from_data(self._shelf.get(self._name))
        return book if book is not None and book.shared == self._inputs.digest else None

    def _keep(self, book: Book, inputs: Inputs) -> None:
        if book.zones and shared_are(self._root, inputs):
            self._shelf.put(self._name, as_data(book))

    def _with_others(
        self, book: Book, known: dict[str, QuietZone], inputs: Inputs, make: Make
    ) -> Plan:
        """Return the plan of known zones and of all others.

        Raises:
            _InDoubt: the others may have to do with too many of the known ones.
        """
        while True:
            others = inputs.policies.keys() - _policies(known)
            repo = load_some(self._root, [Path(each).name for each in others])
            publications = compile_repo(repo)
            tied = set(_tied(known, repo, publications))
            if not tied:
                break
            if 2 * (len(others) + len(tied)) > len(inputs.policies):
                raise _InDoubt
            known = {name: zone for name, zone in known.items() if zone.policy not in tied}
        notes = QuietNotes({each.origin: each for each in publications}, book.folders)
        plan = make(repo, publications, notes)
        if any(not change.after for zone in plan.zones for change in zone.changes):
            raise _InDoubt  # any zone may have had to do with what goes
        zones = known | dict(quiet_zones(repo, notes, plan, inputs))
        if zones != book.zones:
            self._keep(replace(book, zones=zones), inputs)
        return replace(plan, zones=_together(known, plan))


def _policies(known: Zones) -> frozenset[str]:
    """Return the policy files of zones."""
    return frozenset(zone.policy for zone in known.values())


def _known(book: Book, inputs: Inputs) -> dict[str, QuietZone]:
    """Return the zones of which all files are as they were, with all that share their policy's."""
    journals: dict[str, frozenset[str]] = {}
    for provider, (given, real) in book.folders.items():
        if os.path.realpath(given) != real:
            return {}
        try:
            with os.scandir(real) as there_are:
                journals[provider] = frozenset(
                    each.name for each in there_are if each.name.endswith(".jnl")
                )
        except OSError:
            return {}
    there = {path: each.digest for path, each in {**inputs.policies, **inputs.others}.items()}
    same = {
        files: all(there.get(path) == digest for path, digest in files)
        for files in {zone.files for zone in book.zones.values()}
    }
    others = set()  # policy files of which a zone is to be planned
    for name, zone in book.zones.items():
        if zone.policy in others:
            continue
        if not same[zone.files] or not _holds(name, zone, book, journals):
            others.add(zone.policy)
    return {name: zone for name, zone in book.zones.items() if zone.policy not in others}


def _holds(name: str, zone: QuietZone, book: Book, journals: Mapping[str, frozenset[str]]) -> bool:
    """Tell whether a zone is at its providers what it was."""
    for provider, digest in zip(zone.ties.providers, zone.masters, strict=True):
        there = seen(f"{book.folders[provider][1]}/{name}.zone")
        if there is None or there.digest != digest or f"{name}.zone.jnl" in journals[provider]:
            return False
    return True


def _tied(known: Zones, repo: Repo, publications: Iterable[Publication]) -> Iterator[str]:
    """Yield the policy files of known zones that may have to do with the policies of a repo.

    Raises:
        _InDoubt: a policy has tests or senders, which look at any zone, or a known one reports to
            another known one.
    """
    if any(policy.has_tests or policy.senders for policy in repo.policies):
        raise _InDoubt
    mine = {name for policy in repo.policies for name in (policy.domain, policy.zone)}
    # What lies above a name of these policies, what their records lead to, and who gets reports.
    looked = {*mine}
    looked |= {DomainName(name) for each in publications for _, name in led_to(each)}
    looked |= {host for policy in repo.policies for host in report_hosts(policy)}
    for each in looked:
        yield from (known[upper].policy for upper in upwards(each) if upper in known)
    reached = {
        tie: any(_above(each, mine) for each in (*tie.led, *tie.hosts))
        for tie in {zone.ties for zone in known.values()}
    }
    for tie in reached:
        if any(_above(host, known) for host in tie.hosts):
            raise _InDoubt
    for name, zone in known.items():
        if reached[zone.ties] or _above(name, mine):
            yield zone.policy


def _above(name: str, names: Iterable[str]) -> bool:
    """Tell whether a name, or one above it, is among others."""
    return any(upper in names for upper in upwards(DomainName(name)))


def _together(known: Zones, plan: Plan) -> Alike[ZoneEntry]:
    """Return the zones of a plan with the known ones, in the order of a plan of all."""
    made, firsts = zones_alike(()), dict[str, First[ZoneEntry]]()
    rows: dict[str, list[First[ZoneEntry]]] = {}
    for name, zone in known.items():
        for text in zone.entries:
            if text not in firsts:
                firsts[text] = made.first_like(zone_from_text(text))
        rows[name] = [firsts[text] for text in zone.entries]
    for name, first in zones_alike(plan.zones).rows():
        rows.setdefault(name, []).append(made.first_like(first.named(name)))
    for name in sorted(rows):
        for first in rows[name]:
            made.append_like(name, first)
    return made


def _folders(stanzas: Iterable[Stanza], root: Path) -> dict[str, tuple[str, str]]:
    """Return the folders of the local providers, by id, if nothing but the stanza decides."""
    found: dict[str, tuple[str, str]] = {}
    for stanza in stanzas:
        directory = stanza.arguments.get("directory")
        if (
            stanza.class_name == LOCAL
            and not stanza.environment
            and isinstance(directory, str)
            and not directory.startswith("env/")
        ):
            given = str(root.absolute() / directory)
            found[stanza.id] = (given, os.path.realpath(given))
    return found
