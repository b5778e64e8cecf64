"""The step of MTA-STS from testing to enforce, written into the policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy.sts_standing import StsStanding, sts_standing
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import policy_edit
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Severity
from mailauth_dns.lint_policies import lint_repo
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.section_edit import Tags, told, with_tags

_RULES = tuple(
    rule for rule in RULES if rule.id.startswith("STS") and rule.severity is Severity.ERROR
)
# Of these, the first judges the policy that is in force, the second the one that is to be.
_NOW = tuple(rule for rule in _RULES if rule.id != "STS012")
_THEN = tuple(rule for rule in _RULES if rule.id == "STS012")


@dataclass(frozen=True, slots=True)
class Advanced:
    """A step that was written, or what blocks it.

    `findings` are of lint, unknown ones too. `written` are the keys in the policy's file, None
    where the step is refused.
    """

    standing: StsStanding
    findings: tuple[Finding, ...] = ()
    written: Tags | None = None

    @property
    def why(self) -> str:
        """What blocks the step: the numbers of the reports, or the rules of lint."""
        found = self.standing.verdict
        if found.last is None:
            return "no TLS report counts"
        if found.blocks:
            return "; ".join(each.words for each in found.blocks)
        ids = {word: list[str]() for word in ("error", "unknown")}
        for each in self.findings:
            ids[each.word].append(each.rule.id)
        said = {"error": "lint --live has errors of", "unknown": "lint --live cannot decide"}
        parts = [f"{said[word]} {', '.join(sorted(set(of)))}" for word, of in ids.items() if of]
        return "; ".join(parts)


def advance(repo: Repo, policy: Policy, today: date, *, private_web: bool) -> Advanced:
    """Write mode enforce into a policy whose reports, and what is live, permit it.

    What is live is asked only where the reports permit it. `private_web` allows web servers whose
    address is not public.

    Raises:
        MailAuthError: the policy is in no mode from which it could go on, other domains share its
            file, or it cannot be written.
    """
    standing = sts_standing(repo, policy, today)
    if standing is None or standing.section.mode == "none":
        said = "is in mode none" if standing is not None else "declares no MTA-STS policy"
        raise MailAuthError(
            f"{policy.path}: {policy.domain} {said}: write `mode: testing` below mta_sts, and wait "
            "for reports"
        )
    if standing.section.mode == "enforce":
        return Advanced(standing, written={})
    tags = _tags(repo, policy, standing)
    if not standing.verdict.met:
        return Advanced(standing)
    findings = _findings(repo, policy, standing, private_web=private_web)
    if findings:
        return Advanced(standing, findings)

    def edited(text: str) -> str:
        policy_edit.check_unchanged(policy, text)
        return with_tags(policy.path, text, "mta_sts", tags)

    with policy_edit.alone(repo.root, policy.path):
        policy_edit.edit(repo.root, policy.path, edited)
    return Advanced(standing, written=tags)


def by_hand(repo: Repo, standing: StsStanding) -> str | None:
    """Return why the step is to be written by hand; None where `advance` can write it."""
    try:
        _tags(repo, standing.policy, standing)
    except MailAuthError as error:
        return str(error)
    return None


def _tags(repo: Repo, policy: Policy, standing: StsStanding) -> Tags:
    """Return what the policy's file has to say; an id that is kept would hide the new policy."""
    tags: Tags = {"mode": "enforce"}
    if standing.section.id is not None:
        source = policy.place(("mta_sts", "id")).source.path
        if source != policy.path:
            raise MailAuthError(
                f"{source}: take mta_sts.id out: with it, senders do not learn of the new policy"
            )
        tags = {**tags, "id": None}
    sharing = [other for other in repo.policies if other.path == policy.path]
    if len(sharing) > 1:
        raise MailAuthError(
            f"{policy.path} is the policy of {len(sharing)} domains; where all of them may "
            f"enforce, write {told(tags)} below mta_sts there, else give {policy.domain} a policy "
            "of its own"
        )
    return tags


def _findings(
    repo: Repo, policy: Policy, standing: StsStanding, *, private_web: bool
) -> tuple[Finding, ...]:
    """Return what lint finds live, of the policy as it is and as it would be.

    A waiver accepts a finding for lint alone, so that it does not help here.
    """
    section = standing.section.model_copy(update={"mode": "enforce", "id": None})
    body = policy.body.model_copy(update={"mta_sts": section})
    enforced = replace(policy, body=body)
    others = (enforced if each is policy else each for each in repo.policies)
    then = replace(repo, policies=tuple(others))
    found: list[Finding] = []
    for world, rules in ((repo, _NOW), (then, _THEN)):
        result = lint_repo(
            world,
            compile_repo(world),
            domains=[policy.domain],
            rules=rules,
            live=True,
            private_web=private_web,
        )
        found += (each for each in result.findings if each.rule in rules)
        found += (each.finding for each in result.waived)
    return tuple(found)
