"""Take the next step of DMARC in a policy's file, where the evidence meets the gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mailauth_dns.compile.declarations import dmarc_section
from mailauth_dns.deploy.dmarc_standing import Standing, sharing
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.gate.ramp import Step, tried
from mailauth_dns.keys import policy_edit
from mailauth_dns.policy.edited_policy import edited_policy
from mailauth_dns.policy.policy_files import read_defaults
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import DEFAULTS, POLICY_DIR
from mailauth_dns.policy.section_edit import Tags, told, with_tags
from mailauth_dns.records.dmarc import Record
from mailauth_dns.typed_yaml.yaml_tree import Mapping

_WRITTEN = ("p", "np", "sp", "t")  # the tags of the ramp


@dataclass(frozen=True, slots=True)
class Advanced:
    """A step that was taken: the tags that the file has now; None is one that it had."""

    standing: Standing
    step: Step
    tags: Tags


def chosen(at: Standing, *, test: bool) -> Step:
    """Return the step to take; in a `test` its policy is only tried.

    Raises:
        MailAuthError: there is none.
    """
    domain, path = at.policy.domain, at.policy.path
    if at.policy.body.parked:
        raise MailAuthError(f"{path}: {domain} is parked, and asks for reject already")
    if at.record is None:
        raise MailAuthError(
            f"{path}: {domain} declares no DMARC record; write one first: "
            f'dmarc: {{p: none, rua: ["mailto:dmarc@{domain}"]}}'
        )
    if at.step is None:
        raise MailAuthError(f"{path}: {domain} asks for reject already; no step is left")
    if not test:
        return at.step
    if at.step.tag == "t":
        raise MailAuthError(
            f"{path}: {domain} has t=y already; without --test the step ends the trial"
        )
    step = tried(at.step)
    if step is None:
        raise MailAuthError(
            f"{path}: t=y counts for p, sp and np alike, and would take back what {domain} asks "
            "for; take the step without --test"
        )
    return step


def advance(repo: Repo, at: Standing, step: Step, today: date) -> Advanced:
    """Write a step into the policy's file; the caller has seen that the gate is met.

    Raises:
        MailAuthError: the file is that of other domains too, or cannot be edited.
    """
    policy = at.policy
    written = dict[str, str | None]()

    def edited(text: str) -> str:
        policy_edit.check_unchanged(policy, text)
        for tags in _ways(step):
            after = with_tags(policy.path, text, "dmarc", tags)
            record = _record(repo, policy, after, today)
            if record is not None and record.meaning == step.record_after.meaning:
                written.update(tags)
                return after
        raise MailAuthError(
            f"{policy.path}: does not come to {step.record_after} by an edit; write it by hand"
        )

    _check_alone(repo, policy, step)
    with policy_edit.alone(repo.root, policy.path):
        policy_edit.edit(repo.root, policy.path, edited)
    return Advanced(at, step, written)


def _ways(step: Step) -> Iterator[Tags]:
    """Yield the tags that make the step: one that is to go may be inherited, and is then said."""
    before, after = step.record_before or Record(), step.record_after
    tags = {
        tag: str(value) if (value := getattr(after, tag)) is not None else None
        for tag in _WRITTEN
        if getattr(before, tag) is not getattr(after, tag)
    }
    yield tags
    if tags.get("t", "") is None:
        yield {**tags, "t": "n"}


def _record(repo: Repo, policy: Policy, text: str, today: date) -> Record | None:
    """Return the DMARC record that a policy would declare with this text."""
    path = (POLICY_DIR / DEFAULTS).as_posix()
    defaults = repo.root / path
    inherited: Mapping | None = None
    if defaults.is_file():
        inherited = read_defaults(path, defaults.read_bytes())
    edited = edited_policy(
        policy.path, text, policy.domain, inherited, repo.catalogue, policy.keys, today
    )
    section = dmarc_section(edited)
    return section.record if section is not None else None


def _check_alone(repo: Repo, policy: Policy, step: Step) -> None:
    if (number := sharing(repo)[policy.path]) > 1:
        raise MailAuthError(
            f"{policy.path} is the policy of {number} domains, and each would take the step; "
            f"give {policy.domain} a policy of its own, with {tags_of(step)} below dmarc"
        )


def tags_of(step: Step) -> str:
    """Return what a policy has to say of DMARC after a step."""
    return told(next(_ways(step)))
