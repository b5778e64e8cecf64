"""Carry quickstart out: write the files, and return what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import private_files
from mailauth_dns.keys.times import moment
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint_policies import lint_repo
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.quickstart import answers as asking
from mailauth_dns.quickstart import look, next_steps, write_files
from mailauth_dns.quickstart.answers import Answers
from mailauth_dns.quickstart.dns_services import DnsKind
from mailauth_dns.quickstart.first_policy import policy_text
from mailauth_dns.quickstart.next_steps import Made, Step
from mailauth_dns.quickstart.published import PublishedMail
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.key_owner import Owner

ToPaste = Callable[[Repo, Sequence[Publication]], str]


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that was answered and given; `folder` is where the private key goes, absolute."""

    answers: Answers
    zone: DomainName | None
    nameservers: tuple[str, ...]
    owner: Owner | None
    test_to: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Started:
    """The files, what was there already, what to look at, and the steps."""

    made: Made
    private: Path
    written: Sequence[str]
    left: Sequence[str]
    warnings: Sequence[str]
    steps: Sequence[Step]


def begin(
    root: Path, wishes: Wishes, found: PublishedMail, now: datetime, to_paste: ToPaste
) -> Started:
    """Write the key, the files beside, and last the policy; return the steps from there.

    `to_paste` returns the records as text for a web form.

    Raises:
        MailAuthError: a file cannot be written, or the repo cannot be read with the new policy.
        OSError: a file cannot be written.
    """
    answers = wishes.answers
    folder = private_files.folder(wishes.folder, root)
    taken = frozenset(_selectors(found))
    selector = write_files.selector_for(folder, answers.domain, taken, root, now)
    key = write_files.write_key(root, folder, answers, selector, wishes.owner)
    written, left = write_files.write_beside(root, answers)
    body = dict(found.body) | ({"zone": wishes.zone} if wishes.zone is not None else {})
    text = policy_text(
        answers,
        replace(found, body=body),
        selector,
        moment(now),
        wishes.nameservers,
    )
    policy = write_files.write_policy(root, answers.domain, text)
    machine = look.machine(answers.signer, answers.dns)
    again = load_repo(root)
    chosen = selected(again, compile_repo(again), (answers.domain,))
    made = Made(
        answers,
        selector,
        found.negative_ttl,
        to_paste(again, chosen) if answers.dns is DnsKind.REGISTRAR else "",
        wishes.test_to,
        *_strictness(again, answers.domain),
        found.ttl,
        found.parked,
    )
    warnings = [
        *asking.warnings(answers),
        *(f"not said in the policy: {each}" for each in found.left),
        *(_of_null_mx(answers, parked=found.parked) if found.null_mx else ()),
        *([f"DMARC is left as it is: {found.dmarc_elsewhere}"] if found.dmarc_elsewhere else []),
        *(_of_reports(answers) if found.names_reports else ()),
        # Where the program is not set up yet, a step says whose the key must be.
        *([key.remark] if key.remark and machine.signer_here else []),
        *(_of_host(again, chosen, wishes) if found.asked else ()),
    ]
    return Started(
        made,
        key.private,
        [policy, key.public.as_posix(), *written],
        left,
        warnings,
        next_steps.steps(made, machine),
    )


def _strictness(repo: Repo, domain: DomainName) -> tuple[str, str | None]:
    """Return what DMARC and SPF say of mail that fails."""
    [policy] = repo.of((domain,))
    dmarc, spf = policy.body.dmarc, policy.body.spf
    return (
        str(dmarc.p) if isinstance(dmarc, DmarcSection) else "elsewhere",
        spf.all if isinstance(spf, SpfSection) else None,
    )


def _selectors(found: PublishedMail) -> Iterator[str]:
    section = found.body.get("dkim")
    there = section.get("selectors") if isinstance(section, dict) else None
    yield from there if isinstance(there, dict) else ()


def _of_reports(answers: Answers) -> Iterator[str]:
    """Yield that an address for reports is not used."""
    if answers.report_to:
        yield (
            f"--rua {answers.report_to} is not used: the DMARC record stays as it is; to have "
            "reports there, write the address under dmarc.rua"
        )


def _of_null_mx(answers: Answers, *, parked: bool) -> Iterator[str]:
    """Yield what it means to send from a domain that takes no mail (RFC 7505 §4.2)."""
    domain = answers.domain
    reports = ""
    if answers.report_to.rpartition("@")[2].lower() == domain:
        reports = (
            f", and reports cannot arrive at {answers.report_to}: name another address with --rua"
        )
    if parked:
        yield (
            f"{domain} is parked: the steps take that back, and its null MX (MX 0 .) goes"
            f"{reports}; to take mail, publish an MX that names your mail server then"
        )
        return
    yield (
        f"{domain} says that it takes no mail (MX 0 .): receivers may refuse mail from it"
        f"{reports}; to take mail, publish an MX that names your mail server in place of that one"
    )


def _of_host(repo: Repo, publications: Sequence[Publication], wishes: Wishes) -> Iterator[str]:
    """Yield what receivers do not like about the mail server's names."""
    answers = wishes.answers
    origins = {wishes.zone or answers.domain: wishes.nameservers}
    there = look.addresses(answers.mail_host, origins)
    if not there:
        yield (
            f"{answers.mail_host}: has no address in DNS, or DNS cannot say; "
            "publish its address (A or AAAA)"
        )
    rules = [rule for rule in RULES if rule.id.startswith("HOST")]
    try:
        result = lint_repo(repo, publications, domains={answers.domain}, rules=rules, live=True)
    except MailAuthError as error:
        yield str(error)
        return
    known = [each for each in result.findings if not each.unknown]
    yield from sorted({f"{each.message}; {each.fix} ({each.rule.id})" for each in known})
    if unknown := sorted({each.message for each in result.findings if each.unknown}):
        yield (
            "whether receivers take the names of your mail server is unknown: "
            f"{unknown[0]}; later: mailauth-dns lint --live {answers.domain}"
        )
