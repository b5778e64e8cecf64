"""Rules about DMARC records as servers hold them, and about what receivers find on their walk (RFC 9989)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.destination import destination, destination_host
from mailauth_dns.evaluate.dmarc import MAX_QUERIES, walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint import remedy
from mailauth_dns.lint.rule import Asked, Needs, Problem, Served, Severity, Undecided, asked, rule, served
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.load import Route
from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.records.zone import RRKey

_SPARE = "give the names that need it a record of their own, then take it away"


def _own(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("dmarc",), (dmarc.owner_name(subject.domain), "TXT")


def _apex(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("dmarc",), (subject.domain, "TXT")


def _alias(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("dmarc",), (dmarc.owner_name(subject.domain), "CNAME")


def _is_meant(found: Served, text: str) -> bool:
    return family(found.key[0], "TXT", text) is Family.DMARC


@rule("DMARC001", "dmarc-missing", Severity.ERROR, "RFC 9989 §4.10", needs=Needs.DNS)
def dmarc_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Without a record at the domain or above it anybody may send as it, and large receivers refuse its bulk mail.

    Bad:
        spf: {terms: [mx], all: fail}  # and no DMARC record anywhere
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.resolver is None or subject.parked:
        return
    walked = walk(subject.domain, subject.resolver)
    if any(step.received is not None for step in walked.steps):
        return
    if walked.broken is not None:
        yield Undecided(("dmarc",), walked.broken.reason)
    elif not any(step.records for step in walked.steps):
        yield Problem(("dmarc",), f"no DMARC record at {subject.domain} or above it", 'add dmarc: {p: none, rua: ["mailto:..."]}')


@served("DMARC002", "dmarc-multiple", Severity.ERROR, "RFC 9989 §4.10", keys=_own)
def dmarc_multiple(found: Served) -> Iterator[Problem]:
    """Receivers drop all of several records at one name: the domain has none.

    Bad:
        _dmarc.example.com. with "v=DMARC1; p=none" and "v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    records = [text for text in found.values if receive(text) is not None]
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} DMARC records: receivers drop all of them",
            remedy.publish(found.subject, Family.DMARC),
        )


@served("DMARC003", "dmarc-version", Severity.ERROR, "RFC 9989 §4.7", keys=_own)
def dmarc_version(found: Served) -> Iterator[Problem]:
    """A record whose first tag is not exactly `v=DMARC1` is none.

    Bad:
        _dmarc.example.com. TXT "v=dmarc1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for text in sorted(found.values):
        if _is_meant(found, text) and receive(text.strip()) is None:
            yield Problem(found.route, f"{text[:30]!r} is no DMARC record to receivers", remedy.publish(found.subject, Family.DMARC))


def _wrong_names(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for name in (subject.domain, DomainName(f"{dmarc.owner_name(subject.domain)}.{subject.domain}")):
        if len(name) <= MAX_NAME:
            yield ("dmarc",), name


@asked("DMARC004", "dmarc-wrong-name", Severity.ERROR, "RFC 9989 §4.5", things=_wrong_names)
def dmarc_wrong_name(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Receivers look at `_dmarc` under the domain and nowhere else: a record at another name does nothing.

    Bad:
        example.com. TXT "v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    if any(map(receive, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"there is a DMARC record at {found.thing}, where nobody looks"
        yield Problem(found.route, message, remedy.take_away(found.subject, Family.DMARC))


@served("DMARC005", "dmarc-unrelated-txt", Severity.WARNING, "RFC 9989 §4.10", keys=_own)
def dmarc_unrelated_txt(found: Served) -> Iterator[Problem]:
    """What is no DMARC record at `_dmarc` is passed over by the RFC, and trips some receivers.

    Bad:
        _dmarc.example.com. with "v=DMARC1; p=reject" and "v=spf1 -all"
    Good:
        _dmarc.example.com. with the DMARC record alone
    """
    for text in sorted(found.values):
        if not _is_meant(found, text) and receive(text) is None:
            yield Problem(
                found.route, f"{found.key[0]} also has {text[:30]!r}", "take it away, unless a service that you know wants it here"
            )


@served("DMARC006", "dmarc-leading-space", Severity.ERROR, "RFC 9989 §4.7", keys=_own)
def dmarc_leading_space(found: Served) -> Iterator[Problem]:
    """A blank before `v` makes the text no DMARC record for many receivers.

    Bad:
        _dmarc.example.com. TXT " v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for text in found.values:
        if _is_meant(found, text) and text != text.lstrip():
            yield Problem(found.route, "opens with a blank: many receivers see no record", remedy.publish(found.subject, Family.DMARC))


@served("DMARC007", "dmarc-syntax", Severity.ERROR, "RFC 9989 §4.8", keys=_own)
def dmarc_syntax(found: Served) -> Iterator[Problem]:
    """A tag that breaks the grammar is dropped; where it is `p`, `sp` or `np`, the whole policy counts as none.

    Bad:
        _dmarc.example.com. TXT "v=DMARC1; p=rejct"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for text in sorted(found.values):
        received = receive(text)
        if received is None:
            continue
        try:
            dmarc.parse(_without(text, received.dropped & {"rua", "ruf"}))
        except RecordSyntaxError as error:
            yield Problem(found.route, f"{error}: receivers drop the tag", "publish the record that the policy says")


def _without(text: str, tags: frozenset[str]) -> str:
    """Return a record without the values of some tags, which DMARC016 tells of; everything else keeps its place in the text."""
    unknown = {tag: f"{'x' * at}=" for at, tag in enumerate(sorted(tags), start=1)}  # RFC 9989 §4.7: unknown tags are no error
    names = [part.partition("=")[0].strip().lower() for part in text.split(";")]
    return ";".join(
        unknown[name].ljust(len(part), "x") if name in unknown else part for name, part in zip(names, text.split(";"), strict=True)
    )


@served("DMARC010", "dmarc-p-not-second", Severity.INFO, "practice", keys=_own)
def dmarc_p_not_second(found: Served) -> Iterator[Problem]:
    """Receivers of before RFC 9989 want `p` right behind `v`; some drop the record where it is not.

    Bad:
        _dmarc.example.com. TXT "v=DMARC1; rua=mailto:dmarc@example.com; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
    """
    for text in found.values:
        received = receive(text)
        if received is not None and received.record.p is not None:
            second = next(name for part in text.split(";")[1:] if (name := part.partition("=")[0].strip().lower()))
            if second != "p":
                yield Problem(
                    found.route, f"{second} stands before p, which old receivers want second", "plan --normalize writes it in order"
                )


@served("DMARC016", "dmarc-rua-uri", Severity.ERROR, "RFC 9989 §4.8", keys=_own)
def dmarc_rua_uri(found: Served) -> Iterator[Problem]:
    """A report address that is no URI gets no reports.

    Bad:
        _dmarc.example.com. TXT "v=DMARC1; p=none; rua=dmarc@example.com"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
    """
    for text in sorted(found.values):
        received = receive(text)
        for tag in sorted(received.dropped & {"rua", "ruf"}) if received is not None else ():
            yield Problem(
                found.route,
                f"{tag} holds an address that is none: it gets no reports",
                "write it as mailto:reports@example.com; a comma in it is %2C, an exclamation mark %21",
            )


def _addresses(subject: Subject) -> Iterator[tuple[Route, dmarc.Uri]]:
    for tag, index, uri in subject.report_addresses:
        yield ("dmarc", tag, index), uri


@asked("DMARC019", "dmarc-rua-no-mx", Severity.ERROR, "RFC 5321 §5.1", things=_addresses)
def dmarc_rua_no_mx(found: Asked[dmarc.Uri]) -> Iterator[Problem | Undecided]:
    """A report address whose domain takes no mail gets no reports.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@gone.example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    host = destination_host(found.thing)
    if host is not None:
        exchangers = found.resolver.lookup(host, "MX")
        if exchangers == ("0 .",) or not (exchangers or any(found.resolver.lookup(host, kind) for kind in ("A", "AAAA"))):
            yield Problem(found.route, f"{host} takes no mail, so no reports", "name an address that does")


@asked("DMARC020", "dmarc-external-auth", Severity.ERROR, "RFC 9990", things=_addresses)
def dmarc_external_auth(found: Asked[dmarc.Uri]) -> Iterator[Problem | Undecided]:
    """Reports go to another organization only where it says that it takes them: without its record nobody sends any.

    Bad:
        dmarc: {p: none, rua: ["mailto:d@example.net"]}  # and no example.com._report._dmarc.example.net
    Good:
        example.com._report._dmarc.example.net. TXT "v=DMARC1"
    """
    reports = destination(found.subject.domain, found.thing, found.resolver)
    if isinstance(reports.accepted, Unknown):
        yield Undecided(found.route, reports.accepted.reason)
    elif not reports.accepted:
        yield Problem(found.route, f"{reports.reason}: no reports go there", "ask its owner to publish v=DMARC1 there")


@rule("DMARC027", "dmarc-treewalk-surprise", Severity.WARNING, "RFC 9989 §4.10.2", needs=Needs.DNS)
def dmarc_treewalk_surprise(subject: Subject) -> Iterator[Problem | Undecided]:
    """A record above the domain makes that name its organization: whatever passes for any name below it is aligned with the domain.

    Bad:
        dmarc: {p: reject}  # for shop.host.example, and host.example, not yours, has a DMARC record
    Good:
        dmarc: {p: reject, psd: n}
    """
    if subject.resolver is None or subject.dmarc_record is None:
        return
    walked = walk(subject.domain, subject.resolver)
    above = walked.organizational_domain
    if isinstance(above, Unknown):
        yield Undecided(("dmarc",), above.reason)
    elif above != subject.domain and above not in subject.neighbours.dmarc and not above.endswith(f".{subject.domain}"):
        message = f"the organizational domain is {above}, which this repo does not hold: its mail is aligned with {subject.domain}"
        yield Problem(("dmarc",), message, f"add psd: n if {above} is not yours")


def _passed_over(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    labels = subject.domain.split(".")
    for at in range(1, len(labels) - MAX_QUERIES + 1):
        yield ("domain",), dmarc.owner_name(DomainName(".".join(labels[at:])))


@asked("DMARC028", "dmarc-depth", Severity.WARNING, "RFC 9989 §4.10", things=_passed_over)
def dmarc_depth(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """The walk asks for the name itself and then for seven labels and fewer: a record between is not found.

    Bad:
        a record at _dmarc.b.c.d.e.f.g.example.com for mail from a.z.b.c.d.e.f.g.example.com
    Good:
        a record at the name in From, or at seven labels or fewer
    """
    if any(map(receive, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"the record at {found.thing} is not found from {found.subject.domain}"
        yield Problem(found.route, message, "publish one at the domain itself, or at seven labels or fewer")


@served("DMARC037", "dmarc-cname-delegated", Severity.INFO, "RFC 1034 §3.6.2", keys=_alias)
def dmarc_cname_delegated(found: Served) -> Iterator[Problem]:
    """`_dmarc` is an alias: somebody else decides what receivers do with failing mail.

    Bad:
        _dmarc.example.com. CNAME example.com.dmarc.example.net.
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for target in found.values:
        yield Problem(found.route, f"{found.key[0]} is an alias of {target}: what it says is not in this repo", "know whose it is")


@served("DMARC038", "dmarc-cname-dangling", Severity.ERROR, "RFC 9989 §4.10", keys=_alias)
def dmarc_cname_dangling(found: Served) -> Iterator[Problem]:
    """An alias at `_dmarc` that leads nowhere leaves the domain without a policy, and to whoever gets the target.

    Bad:
        _dmarc.example.com. CNAME gone.example.net.
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for target in found.values:
        if found.subject.resolver is not None and not found.subject.resolver.lookup(DomainName(target.removesuffix(".").lower()), "TXT"):
            yield Problem(
                found.route, f"{found.key[0]} is an alias of {target}, where there is nothing", "take the alias away, then plan, apply"
            )


@served("DMARC039", "dmarc-parked-form", Severity.WARNING, "practice", keys=_own)
def dmarc_parked_form(found: Served) -> Iterator[Problem]:
    """A parked domain that does not ask for reject lets forgers use its name.

    Bad:
        parked: true  # and the zone has v=DMARC1; p=none
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject; sp=reject; np=reject"
    """
    if not found.subject.parked:
        return
    records = [received.record for text in found.values if (received := receive(text)) is not None]
    strict = all({each.effective_p, each.effective_sp, each.effective_np} == {dmarc.Policy.REJECT} for each in records)
    if not records or not strict:
        yield Problem(("parked",), f"{found.subject.domain} is parked and does not ask for reject", remedy.park(found.subject))


@rule("DMARC040", "dmarc-wildcard", Severity.WARNING, "RFC 4592 §2.2", needs=Needs.DNS)
def dmarc_wildcard(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard TXT answers at `_dmarc` of names that do not exist: receivers find something that is no policy, or a policy nobody meant.

    Bad:
        "*.example.com. TXT hello"
    Good:
        no wildcard TXT above names that send mail
    """
    if subject.resolver is not None and subject.resolver.lookup(DomainName(f"*.{subject.domain}"), "TXT"):
        yield Problem(("domain",), f"*.{subject.domain} has a TXT record, which answers for _dmarc of its subdomains", _SPARE)
