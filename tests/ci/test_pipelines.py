"""The CI files do what they promise: their own steps are run, in order, at stand-ins for forges.

Real are git, the commands of mailauth-dns, ci/forge.py, the name servers and what DNS says. The
forges themselves are not: their part is played by tests/ci.
"""

from __future__ import annotations

import json

from tests.ci.conftest import Begin, Story
from tests.ci.forge_server import ROBOT
from tests.ci.team import Job
from tests.ci.zones import AtBind

TO_QUARANTINE_ALLOWED = (
    "example.com",
    "dmarc: {p: none",
    'allow: [{rule: DMARC032, reason: "all senders sign", until: 2099-12-31}]\ndmarc: {p: quarantine',
)
MORE_SENDERS = ("example.com", '"ip4:192.0.2.10"', '"ip4:192.0.2.10", "ip4:192.0.2.11"')
OTHER_ZONE = ("example.net", '"ip4:192.0.2.10"', '"ip4:192.0.2.12"')
TO_REJECT = ("example.com", "p: none", "p: reject")
SPF = "v=spf1 ip4:192.0.2.10 ~all"
DMARC = "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
TOKEN = "site-verification=abc"
MARKER = "<!-- mailauth-dns plan -->\n"


def passed(jobs: dict[str, Job]) -> dict[str, bool]:
    return {name: job.passed for name, job in jobs.items()}


def said(jobs: dict[str, Job]) -> str:
    return "\n".join(f"== {name}\n{job.log}\n{job.summary}" for name, job in jobs.items())


def publish(story: Story) -> None:
    """The first plan of a new repo was never a pull request: it is made and applied by hand."""
    jobs = story.pipeline.replan()
    assert passed(jobs) == {"replan": True}, said(jobs)
    jobs = story.pipeline.apply_again()
    assert all(passed(jobs).values()), said(jobs)
    assert story.team.txt("_dmarc.example.com") == [DMARC]


def reviewed(story: Story, number: int, *edits: tuple[str, str, str]) -> None:
    """A pull request that passes."""
    story.team.propose(number, *edits)
    jobs = story.pipeline.pull_request(number, "plan")
    assert passed(jobs) == {"plan": True}, said(jobs)


def test_what_was_reviewed_is_applied(story: Story) -> None:
    publish(story)
    story.team.propose(1, MORE_SENDERS)
    jobs = story.pipeline.pull_request(1)
    assert passed(jobs) == {"check": True, "plan": True}, said(jobs)
    [comment] = story.comments
    assert comment.startswith(MARKER)
    assert "ip4:192.0.2.11" in comment
    assert "example.net" not in comment  # what nobody changed is not planned
    assert story.team.txt("example.com") == sorted([SPF, TOKEN])
    story.team.merge(1)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": True}, said(jobs)
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in story.team.txt("example.com")
    assert TOKEN in story.team.txt("example.com")


def test_a_push_without_a_pull_request_applies_nothing(story: Story) -> None:
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": False}, said(jobs)
    assert "nobody reviewed a plan" in said(jobs)
    assert story.team.txt("_dmarc.example.com") == []


def test_a_comment_that_somebody_committed_is_not_ours(story: Story) -> None:
    story.team.write("plan.md", f"{MARKER}all is well\n")
    story.team.propose(1, MORE_SENDERS)
    story.team.propose(2, ("example.com", '"ip4:192.0.2.10"', '"ip4:192.0.2.14"'))
    story.team.merge(2)
    jobs = story.pipeline.pull_request(1, "plan")  # what it changes conflicts with main
    assert passed(jobs) == {"plan": False}, said(jobs)
    assert [each for each in story.comments if "all is well" in each] == []


def test_an_old_apply_that_is_run_again_undoes_nothing(story: Story) -> None:
    publish(story)
    reviewed(story, 1, MORE_SENDERS)
    first = story.team.merge(1)
    assert passed(story.pipeline.merged()) == {"apply": True}
    reviewed(story, 2, (MORE_SENDERS[0], MORE_SENDERS[2], MORE_SENDERS[1]))
    story.team.merge(2)
    assert passed(story.pipeline.merged()) == {"apply": True}
    jobs = story.pipeline.merged(first)
    assert passed(jobs) == {"apply": False}, said(jobs)
    assert "could undo what main says" in said(jobs)
    assert SPF in story.team.txt("example.com")


def test_a_plan_after_the_merge_does_not_replace_what_was_reviewed(story: Story) -> None:
    publish(story)
    reviewed(story, 1, MORE_SENDERS)
    story.team.merge(1)
    jobs = story.pipeline.pull_request(1, "plan")
    assert passed(jobs) == {"plan": False}, said(jobs)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": True}, said(jobs)
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in story.team.txt("example.com")


def test_the_comment_is_found_and_updated(story: Story) -> None:
    publish(story)
    for who, text in (("mallory", f"{MARKER}all is well"), (ROBOT[story.team.forge.kind], "Hi")):
        story.team.forge.say(1, text, who)
    reviewed(story, 1, MORE_SENDERS)
    others = story.comments[:2]
    assert others == [f"{MARKER}all is well", "Hi"]
    story.team.push(1, ("example.com", "192.0.2.11", "192.0.2.13"))
    jobs = story.pipeline.pull_request(1, "plan")
    assert all(passed(jobs).values()), said(jobs)
    assert story.comments[:2] == others
    [comment] = story.comments[2:]  # on a second page of the forge's answer
    assert "192.0.2.13" in comment
    assert story.team.forge.pulls[1].head in comment
    assert "192.0.2.11" not in comment


def test_no_comes_before_the_merge_and_permission_lets_it_pass(story: Story) -> None:
    publish(story)
    story.team.propose(1, TO_REJECT)
    jobs = story.pipeline.pull_request(1, "plan")
    assert passed(jobs) == {"plan": False}, said(jobs)
    [comment] = story.comments
    assert "DMARC033" in comment
    assert "breaking" in comment
    # Whoever merges it all the same finds that nothing was kept to apply.
    # Two rules refuse it: the jump, and that no report speaks for it.
    permission = "allow:\n" + "".join(
        f'  - {{rule: {rule}, reason: "all senders sign", until: 2099-12-31}}\n'
        for rule in ("DMARC032", "DMARC033")
    )
    story.team.push(1, ("example.com", "domain: ", f"{permission}domain: "))
    jobs = story.pipeline.pull_request(1)
    assert passed(jobs) == {"check": True, "plan": True}, said(jobs)
    [comment] = story.comments
    assert "all senders sign" in comment
    story.team.merge(1)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": True}, said(jobs)
    assert story.team.txt("_dmarc.example.com") == [DMARC.replace("none", "reject")]


def test_what_did_not_pass_is_not_applied(story: Story) -> None:
    publish(story)
    story.team.propose(1, TO_REJECT)
    story.pipeline.pull_request(1, "plan")
    story.team.merge(1)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": False}, said(jobs)
    assert story.team.txt("_dmarc.example.com") == [DMARC]


def test_a_merge_of_another_zone_does_not_matter(story: Story) -> None:
    publish(story)
    reviewed(story, 1, MORE_SENDERS)
    reviewed(story, 2, OTHER_ZONE)
    for number in (2, 1):
        story.team.merge(number)
        jobs = story.pipeline.merged()
        assert passed(jobs) == {"apply": True}, said(jobs)
    assert "v=spf1 ip4:192.0.2.12 ~all" in story.team.txt("example.net")
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in story.team.txt("example.com")


def test_after_a_merge_of_the_same_zone_the_pull_request_is_planned_again(story: Story) -> None:
    publish(story)
    reviewed(story, 1, MORE_SENDERS)
    reviewed(story, 2, TO_QUARANTINE_ALLOWED)
    story.team.merge(2)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": True}, said(jobs)
    jobs = story.pipeline.pull_request(
        1, "plan"
    )  # "Re-run": the same commit, and main as it is now
    assert all(passed(jobs).values()), said(jobs)
    story.team.merge(1)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": True}, said(jobs)
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in story.team.txt("example.com")
    assert story.team.txt("_dmarc.example.com") == [DMARC.replace("none", "quarantine")]


def test_a_stale_plan_is_refused_and_planned_again_by_hand(story: Story) -> None:
    publish(story)
    reviewed(story, 1, MORE_SENDERS)
    reviewed(story, 2, TO_QUARANTINE_ALLOWED)
    story.team.merge(2)
    assert all(passed(story.pipeline.merged()).values())
    story.team.merge(1)  # reviewed before 2 was merged
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": False}, said(jobs)
    assert "plan again" in said(jobs)
    assert SPF in story.team.txt("example.com")
    jobs = story.pipeline.replan()
    assert passed(jobs) == {"replan": True}, said(jobs)
    assert "ip4:192.0.2.11" in said(jobs)
    assert SPF in story.team.txt("example.com")  # nothing is applied before it is read
    jobs = story.pipeline.apply_again()
    assert all(passed(jobs).values()), said(jobs)
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in story.team.txt("example.com")


def test_drift_is_told_in_one_issue(story: Story) -> None:
    publish(story)
    forge = story.team.forge
    jobs = story.pipeline.scheduled()
    assert passed(jobs) == {"drift": True}, said(jobs)
    assert forge.issues == []
    text = (forge.kind == "gitlab" and "description") or "body"
    for value in ("v=DMARC1; p=none", "v=DMARC1; p=none; sp=none"):
        story.team.dns.change_by_hand("example.com", "_dmarc.example.com", value)
        jobs = story.pipeline.scheduled()
        assert passed(jobs) == {"drift": True}, said(jobs)
        [issue] = forge.open_issues
        assert f"    {value}"[4:] in issue[text]
    story.team.dns.change_by_hand("example.com", "_dmarc.example.com", DMARC)
    assert passed(story.pipeline.scheduled()) == {"drift": True}
    assert forge.open_issues == []


def test_a_fork_is_checked_and_gets_no_secret(story: Story) -> None:
    publish(story)
    story.team.propose(1, MORE_SENDERS)
    before = len(story.team.forge.requests)
    jobs = story.pipeline.pull_request(1, fork=True)
    assert "plan" not in jobs
    assert all(passed(jobs).values()), said(jobs)
    assert "ip4:192.0.2.11" in said(jobs)  # planned against live DNS
    asked = story.team.forge.requests[before:]
    assert [each for each in asked if not each.startswith("GET ")] == []
    assert story.comments == []


def test_with_a_secret_at_a_real_server(begin: Begin) -> None:
    story = begin("github", AtBind)
    publish(story)
    story.team.propose(1, MORE_SENDERS)
    jobs = story.pipeline.pull_request(1, fork=True)
    assert passed(jobs) == {"check": True}, said(jobs)
    assert "ip4:192.0.2.11" in jobs["check"].summary
    jobs = story.pipeline.pull_request(1)
    assert passed(jobs) == {"check": True, "plan": True}, said(jobs)
    story.team.merge(1)
    jobs = story.pipeline.merged()
    assert passed(jobs) == {"apply": True}, said(jobs)
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in story.team.txt("example.com")
    [secret] = story.team.dns.secrets.values()
    everything = said(jobs) + "".join(story.comments) + json.dumps(str(story.team.forge.artifacts))
    assert secret not in everything
