"""Which zones of a plan are quiet, so that the next plan need not look at them again.

A zone is quiet if its files say that nothing is to change, and nothing else has to do with it: no
test, no sender, no permission and no other policy. Only zones in files of our own are remembered.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.compile.report_consents import report_hosts
from mailauth_dns.deploy.loose_ends import led_to_there
from mailauth_dns.deploy.quiet_book import Files, QuietZone, Ties
from mailauth_dns.deploy.quiet_inputs import Inputs, Seen, seen
from mailauth_dns.deploy.zone_groups import led_to
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.plan import Plan, Where, ZoneEntry
from mailauth_dns.plan.plan_json import zone_as_text
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import KEY_DIR, POLICY_DIR
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, is_at_or_below, upwards
from mailauth_dns.records.renamed import First

Folders = Mapping[str, tuple[str, str]]  # of providers: as the stanza has it, and where it was


@dataclass(slots=True)
class QuietNotes:
    """Notes, while a plan is made, where nothing changes and nothing stands in the way.

    `folders` are those of the local providers. `quiet` has the digest of each file that was read.
    """

    publications: Mapping[DomainName, Publication]
    folders: Folders
    quiet: dict[Where, str] = field(default_factory=dict)
    _before: dict[Where, Seen] = field(default_factory=dict, init=False)

    def begin(self, wanted: Iterable[Where]) -> None:
        """Look at the files of a batch before anything else reads them."""
        seen_now = ((where, self._master(where)) for where in wanted)
        self._before = {where: there for where, there in seen_now if there is not None}

    def _master(self, where: Where) -> Seen | None:
        zone, provider = where
        there = self.folders.get(provider)
        return seen(f"{there[1]}/{zone}.zone") if there is not None else None

    def note(self, entry: ZoneEntry, proposal: Proposal) -> None:
        """Note an entry with what it was made of; a later one for the same place counts.

        If its file is something else by now, nobody knows which of the two was read.
        """
        self.quiet.pop(entry.where, None)
        found, reading = proposal.difference, proposal.reading
        said = (entry.changes, entry.blocked, entry.tests, found.changes, found.blocked)
        blocked = reading.unwritable.zone or reading.unwritable.sets or reading.partial
        publication = self.publications[reading.zone.origin]
        if any(said) or blocked or any(True for _ in led_to_there(publication, reading.zone)):
            return
        before = self._before.get(entry.where)
        if before is not None and self._master(entry.where) == before:
            self.quiet[entry.where] = before.digest

    def note_elsewhere(self, planned: Iterable[Where], quiet: Mapping[Where, str]) -> None:
        """Note which of the places that another process planned are quiet, as it says."""
        for where in planned:
            self.quiet.pop(where, None)
        self.quiet.update(quiet)


def quiet_zones(
    repo: Repo, notes: QuietNotes, plan: Plan, inputs: Inputs
) -> Iterator[tuple[str, QuietZone]]:
    """Yield the quiet zones of a plan by name: of a policy file all that it is for, or none.

    `inputs` were looked at before anything was read. What is something else by now is left out:
    nobody knows which of the two the plan has read.
    """
    files, texts, known = _Files(repo.root, inputs), _Texts(plan), dict[Ties, Ties]()
    by_file: dict[str, list[Policy]] = {}
    for policy in repo.policies:
        by_file.setdefault(policy.path, []).append(policy)
    for policies in by_file.values():
        zones: dict[str, QuietZone] = {}
        for policy in policies:
            publication = notes.publications.get(policy.zone)
            if publication is None or not _stands_alone(policy, publication, repo):
                break
            places: list[Where] = [(policy.zone, each) for each in publication.providers]
            made_of = files.of(policy)
            masters = tuple(notes.quiet[where] for where in places if where in notes.quiet)
            if made_of is None or not places or len(masters) < len(places):
                break
            ties = _ties(policy, publication)
            ties = known.setdefault(ties, ties)
            zones[policy.zone] = QuietZone(made_of, ties, masters, texts.of(policy.zone))
        else:
            yield from zones.items()


_Firsts = tuple[First[ZoneEntry], ...]  # what the plan says of a zone, at each of its providers


class _Files:
    """The files that policies are made of, as they were before these were read."""

    def __init__(self, root: Path, inputs: Inputs) -> None:
        self._root, self._inputs = root, inputs
        self._digests: dict[str, str | None] = {}

    def of(self, policy: Policy) -> Files | None:
        """Return the paths and digests of a policy's files; None if one is not what it was."""
        paths = [(POLICY_DIR / Path(policy.path).name).as_posix(), *_key_paths(policy)]
        if policy.body.domains_file is not None:
            paths.append(posixpath.normpath((POLICY_DIR / policy.body.domains_file).as_posix()))
        found = []
        for path in paths:
            if (digest := self._digest(path)) is None:
                return None
            found.append((path, digest))
        return tuple(found)

    def _digest(self, path: str) -> str | None:
        if path not in self._digests:
            was = self._inputs.policies.get(path) or self._inputs.others.get(path)
            same = was is not None and seen(f"{self._root}/{path}") == was
            self._digests[path] = was.digest if same and was is not None else None
        return self._digests[path]


class _Texts:
    """What a plan says of its zones, as text, which many zones share."""

    def __init__(self, plan: Plan) -> None:
        self._said: dict[str, _Firsts] = {}
        self._texts: dict[_Firsts, tuple[str, ...]] = {}
        shared: dict[_Firsts, _Firsts] = {}
        for name, first in zones_alike(plan.zones).rows():
            firsts = (*self._said.get(name, ()), first)
            self._said[name] = shared.setdefault(firsts, firsts)

    def of(self, zone: str) -> tuple[str, ...]:
        """Return the texts of a zone at its providers, perhaps with the name of another one."""
        firsts = self._said[zone]
        if firsts not in self._texts:
            self._texts[firsts] = tuple(zone_as_text(each.value) for each in firsts)
        return self._texts[firsts]


def _stands_alone(policy: Policy, publication: Publication, repo: Repo) -> bool:
    """Tell whether a policy declares no more than plain records of its own domain."""
    if policy.domain != policy.zone or policy.has_tests or policy.senders or policy.body.allow:
        return False
    if len(repo.by_zone[policy.zone]) != 1:
        return False
    if publication.domains != (policy.domain,) or not all(map(_is_plain, publication.said)):
        return False
    outside = _outside(policy.zone, report_hosts(policy))
    return not any(name in repo.by_zone for host in outside for name in upwards(host))


def _is_plain(entry: Declared) -> bool:
    """Tell whether neither the day nor another file decides about an entry."""
    return (
        entry.family is not Family.DMARC_REPORT
        and entry.ready is None
        and not entry.spf_names
        and entry.sender is None
    )


def _ties(policy: Policy, publication: Publication) -> Ties:
    led = (DomainName(name) for _, name in led_to(publication))
    return Ties(
        publication.providers,
        tuple(sorted(set(_outside(policy.zone, led)))),
        tuple(sorted(_outside(policy.zone, report_hosts(policy)))),
    )


def _outside(zone: DomainName, names: Iterable[DomainName]) -> Iterator[DomainName]:
    return (name for name in names if not is_at_or_below(name, zone))


def _key_paths(policy: Policy) -> Iterator[str]:
    """Yield the paths of the key files that a policy names."""
    section = policy.body.dkim
    for selector, entry in section.selectors.items() if section is not None else ():
        if selector in policy.keys and entry.key is not None:
            yield (KEY_DIR / policy.domain / entry.key).as_posix()
