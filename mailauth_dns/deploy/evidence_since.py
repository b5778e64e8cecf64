"""Which zones are planned otherwise because a branch brings other evidence."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.deploy import git_files
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept.evidence_files import path_of, read_evidence
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.policy.sections.mta_sts import MtaStsSection
from mailauth_dns.records.dmarc import Record, Testing
from mailauth_dns.records.name import DomainName


def zones_of_new_evidence(repo: Repo, commit: str) -> frozenset[DomainName]:
    """Return the zones whose evidence is not as in a commit, and whose plan depends on it.

    That is where a sender is gone, where MTA-STS is enforced, and where the policy asks for
    something else than receivers found last: then its DMARC record is to change.

    Raises:
        MailAuthError: git does not tell what was there.
    """
    policies = {path_of(policy.domain).as_posix(): policy for policy in repo.policies}
    changed = (policies[path] for path in _changed(repo, commit) if path in policies)
    return frozenset(policy.zone for policy in changed if _depends(repo, policy))


def _changed(repo: Repo, commit: str) -> Iterator[str]:
    """Yield the paths of evidence that came, went or changed."""
    there = {
        file.path: file for file in git_files.files(repo.root, commit, EVIDENCE_DIR.as_posix())
    }
    now = {
        path.relative_to(repo.root).as_posix() for path in (repo.root / EVIDENCE_DIR).glob("*.json")
    }
    for path in now | there.keys():
        if path not in there or not there[path].is_same(repo.root):
            yield path


def _depends(repo: Repo, policy: Policy) -> bool:
    if any(use.life.gone for use in policy.senders):
        return True
    # Reports name the policies that senders found, but not which of them is in DNS now.
    sts = policy.body.mta_sts
    if isinstance(sts, MtaStsSection) and sts.mode == "enforce":
        return True
    section = policy.body.dmarc
    if not isinstance(section, DmarcSection):
        return section is not None
    try:
        evidence = read_evidence(repo.root, policy.domain)
    except MailAuthError:
        return True
    return not _is_published(section.record, evidence)


def _is_published(record: Record, evidence: Evidence) -> bool:
    """Tell whether the last report found a record that asks for the same."""
    if not evidence.mail:
        return False
    found = evidence.mail[-1].published
    said = (
        (found.p, record.effective_p),
        (found.sp, record.effective_sp),
        (found.np, record.effective_np),
        (found.adkim, record.effective_adkim),
        (found.aspf, record.effective_aspf),
        (found.testing, record.effective_t is Testing.YES),
    )
    return found.p is not None and all(
        there is None or there == declared for there, declared in said
    )
