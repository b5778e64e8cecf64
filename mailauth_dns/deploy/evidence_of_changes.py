"""What the evidence in a checkout says of the changes of a plan: files and git are asked here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from mailauth_dns.deploy.policy_since import Since, records_since
from mailauth_dns.deploy.spf_passes import spf_passes
from mailauth_dns.deploy.sts_standing import sts_section, sts_standing
from mailauth_dns.diff.change import Asked, Change, Risk
from mailauth_dns.diff.transport_meaning import may_begin_to_enforce
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.gate.verdict import gate_of
from mailauth_dns.evidence.kept.evidence_files import read_evidence
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.evidence.tls.verdict import tls_gate_of
from mailauth_dns.plan import who_sends
from mailauth_dns.plan.entries import change_entry
from mailauth_dns.plan.evidence_entry import EvidenceEntry
from mailauth_dns.plan.evidence_of_change import (
    KnownMail,
    about,
    of_dmarc,
    of_gone,
    unknown,
)
from mailauth_dns.plan.evidence_of_mta_sts import of_mta_sts
from mailauth_dns.plan.given_up_dmarc import as_declared_above
from mailauth_dns.plan.plan import ChangeEntry
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import is_at_or_below
from mailauth_dns.records.zone import RRKey
from mailauth_dns.typed_yaml.yaml_tree import FileLine

_HELD = 256  # changes: a zone is planned at each of its providers


class EvidenceOfChanges:
    """What the evidence of a repo says of changes, on a day in UTC.

    Of domains whose changes ask for no evidence, nothing is read.
    """

    def __init__(self, repo: Repo, today: date) -> None:
        self._repo, self._today = repo, today
        self._policies = {policy.domain: policy for policy in repo.policies}
        self._below = who_sends.below(repo.policies)
        # What is said is small. The evidence, which is not, is dropped once that is made of it.
        self._of_dmarc = lru_cache(maxsize=_HELD)(self._dmarc)
        self._of_gone = lru_cache(maxsize=_HELD)(self._ended)

    def entries(
        self, changes: Sequence[Change], places: Mapping[tuple[RRKey, Family], FileLine | None]
    ) -> tuple[ChangeEntry, ...]:
        """Return the changes of a zone as a plan has them, with what reports say of each."""
        return tuple(
            change_entry(each, places.get((each.key, each.family)), self.of(each, changes))
            for each in changes
        )

    def of(self, change: Change, together: Collection[Change]) -> EvidenceEntry | None:
        """Return what reports say of a change; None where it asks for no evidence.

        `together` are all changes of its zone, since they are made together.
        """
        policy = self._policies.get(change.domain)
        if policy is None:
            return None
        if change.family is Family.MTA_STS:
            return self._of_mta_sts(change, policy)
        if (asked := change.judgement.asked) is not None:
            asked, note = as_declared_above(change, asked, self._policies)
            if about(asked) is not None:
                pending = next(_pending(change, together), None)
                said = self._of_dmarc(policy, asked, pending)
                return _noted(said, note)
        gone = _gone(policy, change)
        return self._of_gone(policy, gone) if gone else None

    def _of_mta_sts(self, change: Change, policy: Policy) -> EvidenceEntry | None:
        section = sts_section(policy)
        if section is None or section.mode != "enforce":
            return None
        if not may_begin_to_enforce(change.before, change.after):
            return None
        try:
            standing = sts_standing(self._repo, policy, self._today)
        except MailAuthError as error:
            return unknown("enforces", str(error))
        return of_mta_sts(standing.verdict, tls_gate_of(section)) if standing is not None else None

    def _dmarc(self, policy: Policy, asked: Asked, pending: str | None) -> EvidenceEntry | None:
        try:
            known = self._read(policy)
        except MailAuthError as error:
            return unknown(about(asked) or "tightens", str(error))
        since = Since(None, pending or "")
        if known.evidence.mail and pending is None:
            first = min(each.window.first_day for each in known.evidence.mail)
            since = records_since(self._repo, policy, alignment=False, oldest=first)
        return of_dmarc(asked, known, since.day, since.why)

    def _ended(self, policy: Policy, gone: tuple[str, ...]) -> EvidenceEntry:
        uses = [use for use in policy.senders if use.key in gone]
        try:
            return of_gone(uses, self._read(policy))
        except MailAuthError as error:
            return unknown("ends", str(error))

    def _read(self, policy: Policy) -> KnownMail:
        """Return what is known of the mail of a policy's domain.

        Raises:
            MailAuthError: its evidence cannot be read.
        """
        evidence = read_evidence(self._repo.root, policy.domain)
        return KnownMail(
            evidence,
            attributed(evidence, declared_of(self._repo, policy)) if evidence.mail else (),
            gate_of(policy),
            self._today,
            who_sends.says_who_sends(policy),
            bool(self._below.get(policy.domain)),
        )


def _noted(entry: EvidenceEntry | None, note: str) -> EvidenceEntry | None:
    """Return an entry with a note, where there are both."""
    return replace(entry, notes=(*entry.notes, note)) if entry is not None and note else entry


def _gone(policy: Policy, change: Change) -> tuple[str, ...]:
    """Return the keys of the senders that are gone and lose something by a change."""
    if not change.before - change.after:
        return ()
    return tuple(
        use.key
        for use in policy.senders
        if use.life.gone
        and who_sends.is_of(use, policy.domain, change.key, change.before, change.after)
    )


def _pending(change: Change, together: Collection[Change]) -> Iterator[str]:
    """Yield what is made together with a change, and takes away something by which mail passes."""
    for other in together:
        if is_at_or_below(other.domain, change.domain) and _takes(other):
            yield f"{other.key[0]} {other.key[1]} changes too, so no report is about what will be"


def _takes(change: Change) -> bool:
    gone = change.before - change.after
    match change.family:
        case Family.SPF:
            return bool(spf_passes(change.before) - spf_passes(change.after))
        case Family.DKIM:
            return bool(gone) and change.judgement.risk is not Risk.SAFE
        case Family.RETURN_PATH:
            return bool(gone)
        case _:
            return False
