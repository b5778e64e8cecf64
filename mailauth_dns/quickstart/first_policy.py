"""The first policy of a domain: what DNS has, and what is missing for its own mail to pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from mailauth_dns.importing.yaml_text import HEAD, document_of
from mailauth_dns.keys.times import FIRST_TTL
from mailauth_dns.quickstart.answers import Answers
from mailauth_dns.quickstart.dns_services import DnsKind
from mailauth_dns.quickstart.published import Body, PublishedMail
from mailauth_dns.records import spf
from mailauth_dns.records.spf_term import Ip4, Ip6, Qualifier
from mailauth_dns.typed_yaml.yaml_tree import Plain

SPOOFER = "203.0.113.66"  # an address that is nobody's (RFC 5737)

_ORDER = ("domain", "zone", "providers", "nameservers", "ttl", "parked", "spf", "dkim", "dmarc")


def policy_text(
    answers: Answers, found: PublishedMail, selector: str, since: str, nameservers: Iterable[str]
) -> str:
    """Return the policy as YAML with comments; `since` is when the key was made."""
    body: Body = dict(found.kept) | {"domain": answers.domain}
    if answers.dns is not DnsKind.REGISTRAR:
        body["providers"] = [answers.dns.value]
    if servers := list(nameservers):
        body["nameservers"] = [*servers]
    body["spf"] = spf_section = _spf(answers, body.get("spf"))
    body["dkim"] = _dkim(body.get("dkim"), selector, since)
    if not found.names_reports:
        body["dmarc"] = {"p": "none", "rua": [f"mailto:{answers.report_to}"]}
    body["tests"] = list(_tests(answers, selector, spf_section))
    names = [*(name for name in _ORDER if name in body)]
    names += [name for name in body if name not in (*names, "tests")] + ["tests"]
    comments = _comments(answers, found)
    parts = [
        "".join(f"# {line}\n" for line in comments.get(name, ()))
        + document_of({name: _typed(body[name], name)}).removeprefix(HEAD)
        for name in names
    ]
    return HEAD + "".join(f"# {line}\n" for line in _head(answers, found)) + "\n".join(parts)


def _head(answers: Answers, found: PublishedMail) -> Iterator[str]:
    yield f"The mail authentication of {answers.domain}. Edit this file; DNS follows it."
    if not found.asked:
        yield "DNS was not asked: what it has already is not in here. See `mailauth-dns diff`."
    if found.dmarc_elsewhere:
        yield f"DMARC is left as it is: {found.dmarc_elsewhere}."
    for left in found.left:
        yield f"Published, and not said here: {left}"


def _comments(answers: Answers, found: PublishedMail) -> dict[str, tuple[str, ...]]:
    spf = "SPF: the servers that may send mail for this domain."
    dmarc = "DMARC: what receivers do with mail that fails, and where they send reports."
    return {
        "providers": (f"Where the records are changed: providers/{answers.dns}.yaml.",),
        "nameservers": ("Ask these servers, not those that the Internet asks.",),
        "parked": (
            "It was parked. This takes back the null MX and the empty key of all selectors.",
            "Take this line out once DNS has lost them.",
        ),
        "spf": (
            (spf, "As published; your addresses were put in front where they were missing.")
            if "spf" in found.kept
            else (spf, "softfail: others are suspect. Write fail once all your senders are here.")
        ),
        "dkim": (
            "DKIM: the keys that sign. A pending key is published and does not sign yet.",
            "Its ttl is short, so that you wait less. Write 3600 when it signs.",
        ),
        "dmarc": (
            (dmarc, "As published.")
            if isinstance(found.kept.get("dmarc"), dict)
            else (dmarc, "Begin with none, read the reports, then write quarantine, then reject.")
        ),
        "tests": ("What receivers must find. `mailauth-dns test` and each plan try it.",),
    }


def _spf(answers: Answers, published: Plain) -> Body:
    section: Body = dict(published) if isinstance(published, dict) else {"all": "softfail"}
    terms = section.pop("terms", None)
    there = [term for term in terms if isinstance(term, str)] if isinstance(terms, list) else []
    missing = [
        f"ip{address.version}:{address}"
        for address in answers.addresses
        if not _listed(str(address), there)
    ]
    # In front: nothing before them can say otherwise, and no other term has to be looked up first.
    return {"terms": [*missing, *there], **section}


def _listed(address: str, terms: Iterable[str]) -> bool:
    """Tell whether an address passes by a term that names it or its network."""
    client = ip_address(address)
    for text in terms:
        term = spf.parse_term(text)
        if isinstance(term, Ip4 | Ip6) and client in term.network.network:
            return term.qualifier is Qualifier.PASS
    return False


def _dkim(published: Plain, selector: str, since: str) -> Body:
    section: Body = dict(published) if isinstance(published, dict) else {}
    there = section.get("selectors")
    section["selectors"] = {
        **(there if isinstance(there, dict) else {}),
        selector: {
            "key": f"{selector}.pem",
            "state": "pending",
            "since": since,
            "ttl": str(FIRST_TTL),
        },
    }
    return section


def _tests(answers: Answers, selector: str, section: Body) -> Iterator[Plain]:
    for address in answers.addresses:
        yield {
            "name": f"our server, {address}",
            "from": f"postmaster@{answers.domain}",
            "helo": answers.mail_host,
            "ip": str(address),
            "dkim": [selector],
            "expect": {"spf": "pass", "dkim": "pass", "dmarc": "pass"},
        }
    if section.get("all") != "pass":
        yield {
            "name": "a spoof",
            "from": f"ceo@{answers.domain}",
            "ip": SPOOFER,
            "expect": {"dmarc": "fail"},
        }


def _typed(value: Plain, name: str = "") -> object:
    """Return numbers as such: a number in quotes says the same, and reads worse.

    `name` is the section's, where `value` is all of it.
    """
    if name == "parked":
        return value == "true"
    if isinstance(value, dict):
        return {_typed(key): _typed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_typed(each) for each in value]
    if value is not None and value.isascii() and value.isdecimal() and str(int(value)) == value:
        return int(value)
    return value
