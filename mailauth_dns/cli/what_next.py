"""What to run after a command: its last line on standard error, `Next: ...`.

A command that fails with an error has none, because the error says what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mailauth_dns.cli.session import Session
from mailauth_dns.export.pipeline import pipeline_of
from mailauth_dns.policy.repo_layout import POLICY_DIR

if TYPE_CHECKING:  # other commands can do without what these load
    from mailauth_dns.compile.publication import Publication
    from mailauth_dns.evidence.kept.kept_files import KeptFiles
    from mailauth_dns.lint.finding import Finding
    from mailauth_dns.lint.rule import Rule
    from mailauth_dns.plan.plan import LiveEntry
    from mailauth_dns.records.name import DomainName

PLAN = "plan.json"
WAIT = ("--wait", "10m")
ACTIVATE_WAIT = ("--wait", "15m")  # the five minutes of a first key, and what servers take
MAX_NAMED = 20  # domains that are named where a command takes no more than those
_LATER = "once DNS answers"


def after_init(session: Session, root: Path, *, example: bool) -> None:
    """Say what comes after a new repo."""
    there = session if root == session.folder else replace(session, root=root, folder=root)
    if example:
        there.next("lint", why="checks the example; put your own domain in its place")
    else:
        there.next("quickstart", "DOMAIN", why="writes the policy of a domain that sends mail")


def after_pipeline(session: Session, root: Path) -> None:
    """Say what comes after the CI files of a repo that was there."""
    there = session if root == session.folder else replace(session, root=root, folder=root)
    there.next("next", why="once the files are read, committed and pushed")


def after_import(
    session: Session, domains: Sequence[str], *, written: bool, whole: bool, there: bool
) -> None:
    """Say what comes after policies of what is published; `there`: one has a policy already."""
    if not whole:
        session.again(why=_LATER)
    elif written:
        session.next("lint", *domains, why="says what to improve; a plan has nothing to do yet")
    elif there:
        session.next("diff", *domains, why="compares the policy that is there with DNS")
    else:
        session.again("--write", why="writes it as a policy")


def after_lint(
    session: Session,
    domains: Sequence[str],
    found: Sequence[Finding],
    failing: Sequence[Finding],
    looked_at: Sequence[DomainName],
    *,
    at_providers: bool,
    merged: bool,
) -> None:
    """Say what comes after lint; `failing` are the findings that it fails for.

    `merged`: shards were put together, so that to run this again asks nobody.
    """
    if failing:
        worst = max(failing, key=lambda each: each.rule.severity)
        place = f"{worst.place.source.path}:{worst.place.line}"
        session.next("rules", worst.rule.id, why=f"the first to mend, at {place}")
    elif merged and any(finding.unknown for finding in found):
        session.next("lint", "--live", *domains, why=_LATER)
    elif any(finding.unknown for finding in found):
        session.again(why=_LATER)
    elif any(finding.rule.id == "SPF042" for finding in found):
        session.next("spf", "lock", *domains, why="senders have changed their networks since")
    elif at_providers:
        session.next("compile", *domains, why="writes what reviewers read")
    else:
        by_hand(session, domains or _if_few(looked_at), why="the records for a web form")


def after_rules(session: Session, shown: Sequence[Rule]) -> None:
    """Say what comes after the pages of rules."""
    if not (session.root / POLICY_DIR).is_dir():
        session.next("help", "lint", why="how to check policies by them")
    elif len(shown) > 1:
        session.next("lint", why="checks your policies by them")
    elif shown[0].needs.value == "plan":
        session.next("plan", why="judges your policies by it")
    else:
        live = ("--live",) if shown[0].needs.value != "policy" else ()
        session.next("lint", "--select", shown[0].id, *live, why="checks your policies by it")


def after_compile(
    session: Session, domains: Sequence[str], chosen: Iterable[Publication], *, stale: bool
) -> None:
    """Say what comes after the compiled files; `stale`: they were only compared, and are old."""
    if stale:
        session.next("compile", *domains, why="writes them")
    else:
        publish(session, domains, chosen, why="once they are reviewed and committed")


def publish(
    session: Session, domains: Sequence[str], chosen: Iterable[Publication], *, why: str
) -> None:
    """Say how the policies come into DNS: through a provider, or by hand."""
    chosen = tuple(chosen)
    if any(publication.providers for publication in chosen):
        if pipeline := pipeline_of(session.root):
            session.next("next", *domains, why=f"{pipeline} plans it on the pull request")
            return
        session.next("plan", *domains, "--out", PLAN, why=why)
    else:
        every = sorted({each for of in chosen for each in of.domains})
        by_hand(session, domains or _if_few(every), why=why)


def _if_few(domains: Sequence[str]) -> Sequence[str]:
    """Return domains that a command can name; none stand for all."""
    return domains if len(domains) <= MAX_NAMED else ()


def by_hand(session: Session, domains: Sequence[str], *, why: str) -> None:
    """Say how records come into DNS without a provider."""
    if 0 < len(domains) <= MAX_NAMED:
        session.next("export", *domains, "--format", "paste", why=why)
    else:
        session.next("diff", *domains, why="no policy names a provider; this says what DNS lacks")


def after_verify(
    session: Session,
    rows: Iterable[LiveEntry],
    chosen: Iterable[Publication],
    domains: Sequence[str],
    *,
    waited: bool,
    pending: Sequence[str],
    tested: bool,
) -> None:
    """Say what comes after live DNS was compared with the policies.

    `pending` are the domains with a key of ours that does not sign yet; `tested`: policies have
    tests.
    """
    rows = tuple(rows)
    states = {row.state for row in rows}
    if "unknown" in states:
        session.again(why=_LATER)
    elif states - {"as policy", "waits"}:
        if waited:
            publish(session, domains, chosen, why="to change what is still different")
        elif any(row.servers for row in rows):
            session.next(
                "verify", *domains, *WAIT, why="some servers have it; waits for the others"
            )
        else:
            why = "no server has it; where you have just changed it, `verify --wait 10m`"
            publish(session, domains, chosen, why=why)
    elif len(pending) == 1:
        why = "run it now: it counts the wait from here, and then lets the key sign"
        session.next("dkim", "activate", *pending, *ACTIVATE_WAIT, why=why)
    elif tested and not pending:
        session.next("test", *domains, why="asks what receivers say of your mail")
    else:
        session.next("next", *domains, why="DNS says what the policies say")


def after_diff(
    session: Session,
    rows: Iterable[LiveEntry],
    chosen: Iterable[Publication],
    domains: Sequence[str],
) -> None:
    """Say what comes after a comparison of the policies with live DNS."""
    states = {row.state for row in rows}
    if "unknown" in states:
        session.again(why=_LATER)
    elif states - {"as policy"}:
        publish(session, domains, chosen, why="to change DNS; or import what is right there")
    else:
        session.next("next", *domains, why="DNS says what the policies say")


def after_tests(
    session: Session, domains: Sequence[str], *, ran: bool, failed: bool, unknown: bool
) -> None:
    """Say what comes after the policies' tests; `ran`: there is one."""
    if not ran:
        session.next("next", *domains, why="what is left to do")
    elif unknown:
        session.again(why=_LATER)
    elif failed:
        session.next("lint", *domains, why="looks for the reason; the policy or the test is wrong")
    else:
        session.next("next", *domains, why="receivers say what you expect")


def after_verdict(session: Session, author: str | None) -> None:
    """Say what comes after the verdict about a message; `author` is the domain of its From."""
    if not author or author.startswith("-"):
        return
    if (session.root / POLICY_DIR).is_dir():
        session.next("next", author, why="what is left to do for its domain")
    else:
        session.next("spf", "tree", author, why="who may send for its domain")


def after_reports(session: Session, domains: Sequence[str], kept: KeptFiles | None) -> None:
    """Say what comes after reports about `domains`; `kept` is what became of the evidence."""
    if kept is not None:
        if not kept.problems:  # these say what to do
            only = [file.domain for file in kept.files] if len(kept.files) == 1 else []
            session.next("dmarc", "status", *only, why="what holds a stricter policy back")
    elif (session.root / POLICY_DIR).is_dir():
        session.again("--write", why="keeps it as evidence, from which DMARC is tightened")
    elif domains:
        session.next("import", domains[0], why="makes a policy of what DNS has")


def after_evidence(session: Session, domain: DomainName | None) -> None:
    """Say what comes after evidence, of one domain or of all."""
    if domain is None:
        session.next("reports", "show", "DOMAIN", why="the sources of one domain")
    else:
        session.next("dmarc", "status", domain, why="whether its policy may be tightened")


def after_tree(session: Session, domain: str, *, rule: str | None, unknown: bool) -> None:
    """Say what comes after an SPF tree; `rule` is about what receivers stop for."""
    if unknown:
        session.again(why=_LATER)
    elif not (session.root / POLICY_DIR).is_dir():
        session.next("import", domain, why="makes a policy of what DNS has")
    elif rule is not None:
        session.next("rules", rule, why="receivers stop; the page says what to do")
    else:
        session.next("next", domain, why="its cost is within the limits")


def after_lock(session: Session, domains: Sequence[str], *, stale: bool, written: bool) -> None:
    """Say what comes after the lock on flattened names."""
    if written:
        session.next("compile", *domains, why="once the lock is reviewed and committed")
    elif stale:
        session.next("spf", "lock", *domains, why="writes the lock")
    else:
        session.next("lint", *domains, why="the lock is as it is")
