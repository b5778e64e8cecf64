"""Which zones of a plan are quiet, so that the next plan need not look at them again.

A zone is quiet if its files say that nothing is to change, and nothing else has to do with it: no
test, no sender, no permission and no other policy. Only zones in files of our own are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.compile.report_consents import report_hosts
from mailauth_dns.deploy.loose_ends import led_to_there
from mailauth_dns.deploy.quiet_book import QuietZone, Ties
from mailauth_dns.deploy.quiet_inputs import Inputs, Seen, seen
from mailauth_dns.deploy.zone_groups import led_to
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.alike import First
from mailauth_dns.plan.plan import Plan, Where, ZoneEntry
from mailauth_dns.plan.plan_file import zone_as_text
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import KEY_DIR, POLICY_DIR
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, is_at_or_below, upwards

Masters = Mapping[Where, tuple[str, Seen]]  # the file of a zone: its path, and what it was


@dataclass(slots=True)
class QuietNotes:
    """Notes, while a plan is made, where nothing changes and nothing stands in the way."""

    publications: Mapping[DomainName, Publication]
    quiet: set[Where] = field(default_factory=set)

    def note(self, entry: ZoneEntry, proposal: Proposal) -> None:
        """Note an entry with what it was made of; a later one for the same place counts."""
        self.quiet.discard(entry.where)
        found, reading = proposal.difference, proposal.reading
        said = (entry.changes, entry.blocked, entry.tests, found.changes, found.blocked)
        blocked = reading.unwritable.zone or reading.unwritable.sets or reading.partial
        publication = self.publications[reading.zone.origin]
        if any(said) or blocked or any(True for _ in led_to_there(publication, reading.zone)):
            return
        self.quiet.add(entry.where)

    def note_elsewhere(self, planned: Iterable[Where], quiet: Iterable[Where]) -> None:
        """Note which of the places that another process planned are quiet, as it says."""
        self.quiet.difference_update(planned)
        self.quiet.update(quiet)


def quiet_zones(
    repo: Repo, notes: QuietNotes, plan: Plan, inputs: Inputs, masters: Masters
) -> Iterator[tuple[str, QuietZone]]:
    """Yield the quiet zones of a plan, each with the name of its policy's file.

    `inputs` and `masters` were looked at before anything was read. What is something else by now is
    left out: nobody knows which of the two the plan has read.
    """
    texts: dict[First[ZoneEntry], str] = {}
    said: dict[Where, First[ZoneEntry]] = {
        (name, first.value.provider): first for name, first in zones_alike(plan.zones).rows()
    }
    for policy in _alone(repo):
        publication = notes.publications.get(policy.zone)
        name = Path(policy.path).name
        if publication is None or not _stands_alone(policy, publication, repo):
            continue
        places: list[Where] = [(policy.zone, each) for each in publication.providers]
        if not places or not notes.quiet.issuperset(places):
            continue
        files = _files(repo.root, name, policy, inputs)
        files += [masters.get(where) for where in places]
        if not all(each is not None and seen(each[0]) == each[1] for each in files):
            continue
        digests = [each[1].digest for each in files if each is not None]
        keys = tuple(_key_paths(policy))
        entries = [said[where] for where in places]
        for first in entries:
            if first not in texts:
                texts[first] = zone_as_text(first.value)
        yield (
            name,
            QuietZone(
                digests[0],
                policy.zone,
                _ties(policy, publication),
                tuple(digests[1 + len(keys) :]),
                tuple(texts[first] for first in entries),
                tuple(zip(keys, digests[1:], strict=False)),
            ),
        )


def _files(root: Path, name: str, policy: Policy, inputs: Inputs) -> list[tuple[str, Seen] | None]:
    """Return the file of a policy, and the key files that it names; None for one not looked at."""
    found: list[tuple[str, Seen] | None] = []
    for path, was in (
        ((POLICY_DIR / name).as_posix(), inputs.policies.get(name)),
        *((path, inputs.keys.get(path)) for path in _key_paths(policy)),
    ):
        found.append((f"{root}/{path}", was) if was is not None else None)
    return found


def _alone(repo: Repo) -> Iterator[Policy]:
    """Yield the policies that are the only one of their file and of their zone."""
    of_file: dict[str, int] = {}
    for policy in repo.policies:
        of_file[policy.path] = of_file.get(policy.path, 0) + 1
    for policy in repo.policies:
        if of_file[policy.path] == 1 and len(repo.by_zone[policy.zone]) == 1:
            yield policy


def _stands_alone(policy: Policy, publication: Publication, repo: Repo) -> bool:
    """Tell whether a policy declares no more than plain records of its own domain."""
    if policy.domain != policy.zone or policy.has_tests or policy.senders or policy.body.allow:
        return False
    if not all(_is_plain(entry, policy) for entry in publication.declared):
        return False
    outside = _outside(policy.zone, report_hosts(policy))
    return not any(name in repo.by_zone for host in outside for name in upwards(host))


def _is_plain(entry: Declared, policy: Policy) -> bool:
    """Tell whether neither the day nor another file decides about an entry."""
    return (
        entry.domain == policy.domain
        and entry.family is not Family.DMARC_REPORT
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
