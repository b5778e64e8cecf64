"""Evidence for a zone repo: reports of the days before today, and a history in git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailauth_dns.evidence.evidence import Evidence, MailReport, Row, Window
from mailauth_dns.evidence.kept.evidence_text import text_of
from mailauth_dns.records.dmarc import Alignment, Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import (
    AuthResult,
    Disposition,
    DkimResult,
    PublishedPolicy,
    SpfResult,
)

DAY = 86400
REPORTERS = ("big.example", "small.example")


def own(domain: str, count: int = 50, ip: str = "192.0.2.10") -> Row:
    """Return messages of the domain's own host, by SPF."""
    return _row(domain, ip, count, spf_aligned=True, spf=(domain, AuthResult.PASS))


def below(domain: str, author: str, count: int = 50, ip: str = "192.0.2.10") -> Row:
    """Return the same of a name below the domain, from the domain's return path."""
    return _row(author, ip, count, spf_aligned=True, spf=(domain, AuthResult.PASS))


def signed(domain: str, selector: str, count: int = 20, ip: str = "203.0.113.20") -> Row:
    """Return messages that a key of the domain signed."""
    return _row(domain, ip, count, dkim_aligned=True, dkim=(domain, selector))


def astray(domain: str, count: int, ip: str = "192.0.2.10") -> Row:
    """Return messages of a host that the policy declares, and that do not align."""
    return _row(domain, ip, count, spf=("other.example", AuthResult.PASS))


def spoofed(domain: str, count: int, ip: str = "198.51.100.66") -> Row:
    """Return messages that have nothing of the domain but its name."""
    return _row(domain, ip, count, spf=("evil.example", AuthResult.FAIL))


def refused(domain: str, count: int, ip: str = "198.51.100.66") -> Row:
    """Return the same where a receiver rejected them."""
    return _row(domain, ip, count, disposition=Disposition.REJECT)


def _row(
    author: str,
    ip: str,
    count: int,
    *,
    spf_aligned: bool = False,
    dkim_aligned: bool = False,
    spf: tuple[str, AuthResult] | None = None,
    dkim: tuple[str, str] | None = None,
    disposition: Disposition = Disposition.NONE,
) -> Row:
    return Row(
        ip,
        DomainName(author),
        count,
        dkim_aligned,
        spf_aligned,
        disposition,
        dkim=(DkimResult(DomainName(dkim[0]), dkim[1], AuthResult.PASS),) if dkim else (),
        spf=(SpfResult(DomainName(spf[0]), spf[1]),) if spf else (),
    )


def reports(
    domain: str,
    rows: Sequence[Row],
    *,
    ago: Iterable[int] = range(1, 21),
    reporters: Sequence[str] = REPORTERS,
    published: PublishedPolicy | None = None,
    now: datetime | None = None,
) -> list[MailReport]:
    """Return a report of each reporter, with these rows, for each of these days before today."""
    midnight = (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    found = published or policy_of(domain)
    made = []
    for days in sorted(ago, reverse=True):
        begin = int((midnight - timedelta(days=days)).timestamp())
        for number, reporter in enumerate(reporters):
            window = Window(begin, begin + DAY - 1, reporter, f"{begin:010x}{number:02x}")
            made.append(MailReport(window, found, tuple(rows)))
    return made


def policy_of(
    domain: str, p: Policy = Policy.NONE, sp: Policy | None = None, *, strict: bool = False
) -> PublishedPolicy:
    """Return the policy that receivers found."""
    mode = Alignment.STRICT if strict else None
    return PublishedPolicy(DomainName(domain), p, sp, adkim=mode, aspf=mode)


def met(root: Path, *domains: str, also: datetime | None = None) -> None:
    """Give domains under p=none evidence for a stricter policy, today and on another day."""
    for domain in domains:
        found = reports(domain, [own(domain)])
        if also is not None:
            found += reports(domain, [own(domain)], now=also)
        write(root, domain, sorted(found, key=lambda each: each.window.begin))
    commit_ago(root, 60)


def write(root: Path, domain: str, found: Iterable[MailReport]) -> None:
    """Write the evidence of a domain."""
    path = root / f"zones/evidence/{domain}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(Evidence(DomainName(domain), tuple(found))))


def commit_ago(root: Path, days: int) -> None:
    """Commit all of a repo, so many days ago."""
    if not (root / ".git").exists():
        _git(root, days, "init", "-q", "-b", "main")
    _git(root, days, "add", "-A")
    _git(root, days, "commit", "-q", "--allow-empty", "-m", "a change")


def _git(root: Path, days: int, *arguments: str) -> None:
    when = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    dated = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, env=dated)
