"""Rules about DKIM keys as servers hold them (RFC 6376, 8301)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint.rule import Asked, At, Needs, Problem, Served, Severity, Undecided, asked, rule, served
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.load import Route
from mailauth_dns.records import dkim
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.records.tags import has_empty_tag, parse_tags
from mailauth_dns.records.zone import RRKey

_PROBE = "mailauth-dns-no-such-selector"  # a selector that nobody has


def _selector(found: Served | RRKey) -> str:
    name = found.key[0] if isinstance(found, Served) else found[0]
    return name.partition("._domainkey.")[0]


def _texts(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.signing.items():
        if entry.cname is None:
            yield ("dkim", "selectors", selector), (dkim.owner_name(selector, subject.domain), "TXT")


def _aliases(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.signing.items():
        if entry.cname is not None:
            yield ("dkim", "selectors", selector), (dkim.owner_name(selector, subject.domain), "CNAME")


def _retired(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.selectors.items():
        if entry.state in ("revoked", "absent"):
            yield ("dkim", "selectors", selector), (dkim.owner_name(selector, subject.domain), "TXT")


def _parked(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    if subject.parked:
        yield ("parked",), (dkim.owner_name("*", subject.domain), "TXT")


def _tag(text: str, name: str) -> str | None:
    """Return a tag's value in a record that may be broken elsewhere; None where it is not there."""
    try:
        return next((tag.value for tag in parse_tags(text) if tag.name == name), None)
    except RecordSyntaxError:
        return None


@served("DKIM001", "dkim-missing", Severity.ERROR, "RFC 6376 §3.6.2", keys=_texts)
def dkim_missing(found: Served) -> Iterator[Problem]:
    """Signatures with a selector whose key is not in DNS cannot be verified: the mail counts as unsigned.

    Bad:
        s1._domainkey.example.com. is not there
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    if not found.values:
        yield Problem(found.route, f"{found.key[0]} has no key: signatures with it fail", "publish it (plan, apply) before anything signs")


@served("DKIM002", "dkim-multiple-txt", Severity.ERROR, "RFC 6376 §3.6.2.2", keys=_texts)
def dkim_multiple_txt(found: Served) -> Iterator[Problem]:
    """With two records at a selector it is open which one a receiver takes: signatures fail now and then.

    Bad:
        s1._domainkey.example.com. with two TXT records
    Good:
        one TXT record at each selector
    """
    if len(found.values) > 1:
        yield Problem(found.route, f"{found.key[0]} has {len(found.values)} TXT records, one is allowed", "keep the key that signs")


@served("DKIM003", "dkim-syntax", Severity.ERROR, "RFC 6376 §3.2", keys=_texts)
def dkim_syntax(found: Served) -> Iterator[Problem]:
    """A tag list that breaks the grammar, or has a tag twice, is no key: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; k=rsa; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        try:
            dkim.parse(text)
        except RecordSyntaxError as error:
            if not _has_tags(text) or (_tag(text, "p") is not None and _version_is_right(text)):  # else another rule tells of it
                yield Problem(found.route, f"{error}: signatures with it fail", "publish the record that the policy says")
        else:
            if has_empty_tag(text):
                message = "a semicolon has no tag before it: some verifiers refuse the key, and signatures with it fail there"
                yield Problem(found.route, message, "publish the record that the policy says")


def _has_tags(text: str) -> bool:
    try:
        return bool(parse_tags(text))
    except RecordSyntaxError:
        return False


def _version_is_right(text: str) -> bool:
    return _tag(text, "v") in (None, "DKIM1") and (_tag(text, "v") is None or parse_tags(text)[0].name == "v")


@served("DKIM004", "dkim-version", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_version(found: Served) -> Iterator[Problem]:
    """A `v` that is not first or not exactly DKIM1 makes receivers drop the key: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "k=rsa; v=DKIM1; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        if _has_tags(text) and not _version_is_right(text):
            yield Problem(found.route, "v must be the first tag and exactly DKIM1: receivers drop this key", "open the record with v=DKIM1")


@served("DKIM005", "dkim-p-missing", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_p_missing(found: Served) -> Iterator[Problem]:
    """A record without `p` holds no key: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa"
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        if _has_tags(text) and _tag(text, "p") is None:
            yield Problem(found.route, "has no p: there is no key", "publish the record that the policy says")


@served("DKIM007", "dkim-revoked-active", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_revoked_active(found: Served) -> Iterator[Problem]:
    """An empty `p` says that the key is revoked: signatures of a selector that still signs fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p="  # and the policy has s1 active
    Good:
        dkim: {selectors: {s1: {state: revoked}}}
    """
    for text in sorted(found.values):
        if _tag(text, "p") == "":
            yield Problem(
                found.route, f"{found.key[0]} is revoked in DNS and signs by the policy", "publish its key, or write state: revoked"
            )


@served("DKIM019", "dkim-g-tag", Severity.INFO, "RFC 6376 Appendix C", keys=_texts)
def dkim_g_tag(found: Served) -> Iterator[Problem]:
    """`g` is a leftover of the first DKIM: receivers ignore it, very old ones refuse mail for it.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; g=*; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."
    """
    if any(_tag(text, "g") is not None for text in found.values):
        yield Problem(found.route, "has the tag g, which no standard knows any more", "publish the record that the policy says")


@served("DKIM021", "dkim-semicolon-escape", Severity.ERROR, "RFC 6376 §3.2", keys=_texts)
def dkim_semicolon_escape(found: Served) -> Iterator[Problem]:
    r"""A backslash that a form or a tool put before a semicolon is part of the record: the tag before it is broken.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1\\; k=rsa\\; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    if any("\\;" in text for text in found.values):
        yield Problem(found.route, "has a backslash before a semicolon in the served text: no receiver can read it", "publish it without")


def _both(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector in subject.signing:
        for kind in ("TXT", "CNAME"):
            yield ("dkim", "selectors", selector), (dkim.owner_name(selector, subject.domain), kind)


@rule("DKIM026", "dkim-cname-with-other-data", Severity.ERROR, "RFC 1034 §3.6.2", needs=Needs.SERVERS, keys=_both)
def dkim_cname_with_other_data(subject: Subject) -> Iterator[Problem | Undecided]:
    """A name with an alias can hold nothing else: what receivers get from a server that holds both depends on the resolver between.

    Bad:
        s1._domainkey.example.com. with a CNAME and a TXT record
    Good:
        the key, or the delegation
    """
    observation = subject.observation
    if observation is None or not observation.servers:
        yield Undecided(("dkim",), (observation.problem if observation is not None else None) or "no server was asked")
        return
    for route, key in _both(subject):
        if key[1] == "CNAME":
            continue
        for view in observation.servers:
            there = [view.sets.get((key[0], kind), Unknown("was not asked")) for kind in ("TXT", "CNAME")]
            if dark := next((answer for answer in there if isinstance(answer, Unknown)), None):
                yield Undecided(route, dark.reason, At(key, view.server))
            elif all(there):
                yield Problem(route, "has an alias (CNAME) beside its own record", "take one of them away", At(key, view.server))
                break


def _doubled(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for selector in subject.signing:
        name = DomainName(f"{dkim.owner_name(selector, subject.domain)}.{subject.domain}")
        if len(name) <= MAX_NAME:
            yield ("dkim", "selectors", selector), name


@asked("DKIM022", "dkim-name-doubled", Severity.ERROR, "RFC 6376 §3.6.2.1", things=_doubled)
def dkim_name_doubled(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """A form that adds the domain by itself made the name twice as long: receivers look elsewhere and find no key.

    Bad:
        s1._domainkey.example.com.example.com. TXT "v=DKIM1; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."
    """
    if any(_tag(text, "p") is not None for text in found.resolver.lookup(found.thing, "TXT") or ()):
        message = f"there is a key at {found.thing}: the domain is in the name twice"
        yield Problem(found.route, message, "delete it; the key belongs at the name without the second domain")


@rule("DKIM023", "dkim-wildcard-shadow", Severity.WARNING, "RFC 6376 §3.6.2", needs=Needs.DNS)
def dkim_wildcard_shadow(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard answers for every selector that is not there: a key that was taken away seems to be there still.

    Bad:
        "*.example.com. TXT hello" in the zone of a domain that signs
    Good:
        no wildcard TXT or CNAME above _domainkey
    """
    if subject.resolver is None or not subject.selectors or "*" in subject.selectors:
        return
    name = dkim.owner_name(_PROBE, subject.domain)
    if subject.resolver.lookup(name, "CNAME") or subject.resolver.lookup(name, "TXT"):
        yield Problem(("dkim",), f"a wildcard answers for selectors of {subject.domain} that do not exist", "take the wildcard away")


def _targets(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for selector, entry in subject.signing.items():
        if entry.cname is not None:
            yield ("dkim", "selectors", selector, "cname"), DomainName(entry.cname)


@asked("DKIM024", "dkim-cname-dangling", Severity.ERROR, "RFC 6376 §3.6.2.1", things=_targets)
def dkim_cname_dangling(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """A delegated selector whose target has no key fails every signature; whoever gets the target's zone can sign as the domain.

    Bad:
        dkim: {selectors: {s1: {cname: s1.gone.example.net}}}
    Good:
        dkim: {selectors: {s1: {cname: s1.domainkey.example.net}}}
    """
    values = found.resolver.lookup(found.thing, "TXT")
    if not any(_tag(value, "p") for value in values or ()):
        what = "does not exist (NXDOMAIN)" if values is None else "holds no key" if values else "has no TXT record"
        message = f"its target {found.thing} {what}: signatures with it fail"
        yield Problem(found.route, message, "correct the target, or take the selector out")


@served("DKIM025", "dkim-cname-proxied", Severity.ERROR, "RFC 6376 §3.6.2.1", keys=_aliases)
def dkim_cname_flattened(found: Served) -> Iterator[Problem]:
    """A delegated selector that is served without its CNAME was flattened, proxied, or never published: the sender cannot change its key.

    Bad:
        s1._domainkey.example.com. is not an alias, and the policy delegates it
    Good:
        s1._domainkey.example.com. CNAME s1.domainkey.example.net.
    """
    if not found.values:
        yield Problem(found.route, f"{found.key[0]} is no alias in DNS", "publish the CNAME, with proxy and flattening off")


@served("DKIM029", "dkim-retired-still-published", Severity.INFO, "RFC 6376 §3.6.1", keys=_retired)
def dkim_retired_still_published(found: Served) -> Iterator[Problem]:
    """A key that the policy has ended and DNS still holds goes on verifying what somebody who has it signs.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."  # and the policy has s1 revoked
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p="
    """
    if any(_tag(text, "p") for text in found.values):
        yield Problem(found.route, f"{found.key[0]} still has a key", "publish what the policy says: plan, apply")


@served("DKIM036", "dkim-parked-revoke", Severity.INFO, "RFC 6376 §3.6.1", keys=_parked)
def dkim_parked_revoke(found: Served) -> Iterator[Problem]:
    """A parked domain whose every selector is revoked leaves no old key of it alive.

    Bad:
        parked: true  # and the zone has no *._domainkey
    Good:
        *._domainkey.example.com. TXT "v=DKIM1; p="
    """
    if not found.values:
        yield Problem(found.route, f"{found.key[0]} is not there", "publish what the policy says: plan, apply")
