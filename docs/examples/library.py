"""Load a zone repo, lint it, plan it, and judge a message, with the public names alone.

Run it as `python docs/examples/library.py DIR`, where DIR is a zone repo whose providers are local.
It asks no live DNS and changes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mailauth_dns
from mailauth_dns import Message, PlanRequest, Severity, ZoneResolver, dmarc


def main(root: Path) -> None:
    """Print what lint, plan and a receiver say."""
    repo = mailauth_dns.load_repo(root)
    publications = mailauth_dns.compile_repo(repo)

    result = mailauth_dns.lint_repo(repo, publications)
    for finding in result.findings:
        if finding.rule.severity >= Severity.WARNING:
            print(f"{finding.rule.id} {finding.text}")
    print(f"lint: {len(result.findings)} findings")

    request = PlanRequest((mailauth_dns.domain_name("example.com"),), live=False)
    with mailauth_dns.providers(repo) as pool:
        plan = mailauth_dns.make_plan(repo, pool, publications, request)
    for zone in plan.zones:
        for change in zone.changes:  # `change.meaning` says it in the language of mail
            print(f"{change.risk}: {change.name} {change.type}")
    print(f"plan: {plan.pending} changes")

    # The zones as the policies declare them, without live DNS.
    resolver = ZoneResolver(publication.zone for publication in publications)
    message = Message(
        header_from=("ceo@example.com",),
        mail_from="ceo@example.com",
        helo="client.example.net",
        ip="203.0.113.66",
    )
    verdict = mailauth_dns.judge(message, resolver)
    # `verdict.why` explains it, one sentence for each identifier and one for DMARC.
    print(f"spf {verdict.spf.result}, dmarc {verdict.dmarc}, requested: {verdict.disposition}")

    record = dmarc.parse("v=DMARC1; p=reject; rua=mailto:reports@example.com")
    print(f"policy for subdomains: {record.effective_sp}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
