"""Steps about the repo's files: made, mended, compiled, committed."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.guide.step import Step, ours
from mailauth_dns.guide.wording import named, others

_AFTER_FILES = "`compile`, commit, `plan` and `apply` publish it"


def make_repo(here: Here) -> Step:
    """There is no zone repo in this folder or above it."""
    domain = here.unknown_domains[0] if here.unknown_domains else "DOMAIN"
    return Step(
        "Begin here: answer some questions, and get a policy and a key",
        "this folder has no zones/policy, and neither has a folder above it",
        "minutes",
        (ours("quickstart", domain),),
        after=("for a team, `init` makes a repo with an example and CI instead",),
    )


def mend_files(here: Here) -> Step:
    """A file cannot be read, or two of them contradict each other."""
    more = f", and {here.problems - 1} more" if here.problems > 1 else ""
    return Step(
        f"Mend the files: {here.problem}{more}",
        "nothing else can be known before the files can be read",
        "minutes",
        (ours("lint"),),
        unknown=True,
    )


def lock(here: Here) -> Step:
    """A policy flattens SPF names that the lock does not hold yet."""
    return Step(
        "Resolve the SPF names that policies flatten",
        here.problem,
        "seconds",
        (ours("spf", "lock"),),
        after=(f"review and commit zones/locks/spf.json; {_AFTER_FILES}",),
    )


def write_policy(here: Here) -> Step:
    """There is no policy, or none for a domain that was named."""
    domain = here.unknown_domains[0] if here.unknown_domains else "DOMAIN"
    why = (
        f"zones/policy has no policy for {domain}"
        if here.unknown_domains
        else "zones/policy is empty"
    )
    return Step(
        f"Write a policy for {domain if here.unknown_domains else 'your domain'}",
        f"{why}; import makes one of what DNS has, and a plan with it changes nothing",
        "seconds",
        (ours("import", domain, "--write"),),
        after=("`lint` says what to improve",),
    )


def mend_policy(_here: Here, group: Sequence[Situation]) -> Step:
    """Lint finds errors: receivers would ignore or refuse what is published."""
    at = group[0]
    assert at.fault is not None
    more = f" ({at.errors - 1} more after it)" if at.errors > 1 else ""
    return Step(
        f"Mend {at.fault.path}:{at.fault.line}{more}",
        f"{at.fault.message} ({at.fault.rule})",
        "minutes",
        (ours("rules", at.fault.rule), ours("lint", at.domain)),
        after=others(group, "then"),
    )


def fill_policy(_here: Here, group: Sequence[Situation]) -> Step:
    """A policy says nothing that could be published."""
    at = group[0]
    return Step(
        f"Say in {at.path} who sends mail for {at.domain}",
        "the policy declares no record: write `spf: {terms: [mx], all: fail}`, "
        "or `parked: true` where nobody sends",
        "minutes",
        (ours("lint", at.domain),),
        after=others(group, "then"),
    )


def compile(here: Here, _group: Sequence[Situation]) -> Step:
    """zones/compiled or zones/mta-sts is not what the policies say."""
    commit = "commit them, and " if here.uncommitted is not None else ""
    return Step(
        "Compile the policies",
        "zones/compiled is older than the policies; its diff is what reviewers read",
        "a second",
        (ours("compile"),),
        after=(f"{commit}publish: `next` says how",),
    )


def commit(here: Here, group: Sequence[Situation]) -> Step:
    """Files of the repo differ from git's."""
    assert here.uncommitted
    first, *more = here.uncommitted
    files = f"{first} and {len(more)} more" if more else first
    return Step(
        f"Review and commit {files}",
        "a plan names the commit that it was made from, and others see what was changed",
        "a minute",
        (
            ("git", "add", "--", *here.tracked),
            ("git", "diff", "--cached"),
            ("git", "commit", "-m", _subject(here, group)),
        ),
        after=("publish it: `next` says how",),
    )


def _subject(here: Here, group: Sequence[Situation]) -> str:
    names = named(here, group) or ((group[0].domain,) if len(group) == 1 else ())
    return f"Mail policy of {', '.join(names[:3])}" if names else "Mail policies"
