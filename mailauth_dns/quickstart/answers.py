"""What quickstart has to know: its questions, with defaults, and the answers as checked values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.quickstart.dns_services import SERVICES, DnsKind
from mailauth_dns.records import mailbox
from mailauth_dns.records.name import DomainName, domain_name

Given = Mapping[str, str]  # answers as text, by option; what is not given is left out

# Networks that receivers on the Internet never see mail from.
_INSIDE = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            *("127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)


class SigningProgram(StrEnum):
    """The program beside Postfix that signs mail."""

    OPENDKIM = "opendkim"
    RSPAMD = "rspamd"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the option that answers it, and a line of why we ask.

    `default` is None where nobody but you can know.
    """

    option: str
    metavar: str
    ask: str
    why: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What DNS and this host suggest as defaults; each is empty where they suggest nothing.

    `stanzas` are the providers that the repo has already. `names_reports`: DMARC stays as it is.
    """

    mail_host: str = ""
    addresses: tuple[str, ...] = ()
    signer: str = ""
    private_dir: str = ""
    stanzas: frozenset[str] = frozenset()
    names_reports: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers, checked; `dns_host` may end in `:PORT`."""

    domain: DomainName
    addresses: tuple[IPv4Address | IPv6Address, ...]
    mail_host: DomainName
    dns: DnsKind
    dns_host: str
    dns_key_name: str
    dns_directory: str
    signer: SigningProgram
    private_dir: str
    report_to: str  # an address; empty where DMARC stays as it is and nobody was asked


def questions(domain: str, given: Given, known: Known) -> list[Question]:
    """Return what is not given, in the order in which to ask.

    What an answer leads to is asked once that is given: ask the first, and call this again.
    """
    asked = [
        Question(
            "--mail-host",
            "NAME",
            "Name of your mail server",
            "it says this name to receivers (HELO), and its address leads back to it",
            known.mail_host or f"mail.{domain}",
        ),
        Question(
            "--ip",
            "ADDRESS",
            "Its address, or several with spaces between",
            "SPF lists the addresses that may send your mail",
            " ".join(known.addresses) or None,
        ),
        Question(
            "--dns",
            "|".join(DnsKind),
            f"Where you change DNS ({', '.join(DnsKind)})",
            "with registrar you paste records into a web form; the others we change for you",
            DnsKind.REGISTRAR.value,
        ),
        *_of_service(given, known),
        Question(
            "--signer",
            "|".join(SigningProgram),
            f"Which program signs your mail ({', '.join(SigningProgram)})",
            "Postfix hands each message to it; opendkim is enough if you have neither",
            known.signer or SigningProgram.OPENDKIM.value,
        ),
        Question(
            "--private-dir",
            "DIR",
            "Folder for the private key, outside this one",
            "who has the private key can sign as you: it never goes into git",
            known.private_dir or None,
        ),
        Question(
            "--rua",
            "ADDRESS",
            "Mail address for DMARC reports",
            "receivers send a daily summary of who sends in your name",
            f"postmaster@{domain}",
        ),
    ]
    settled = {"--rua"} if known.names_reports else set()
    return [each for each in asked if not given.get(each.option) and each.option not in settled]


_ABOUT_SERVICE = {
    "--dns-host": Question(
        "--dns-host",
        "ADDRESS[:PORT]",
        "Address of the DNS server that takes changes",
        "the changes are sent there",
        "127.0.0.1",
    ),
    "--dns-key-name": Question(
        "--dns-key-name",
        "NAME",
        "Name of the TSIG key that may change the zone",
        "BIND takes changes that are signed with it; the secret is asked for later, by name",
    ),
    "--dns-directory": Question(
        "--dns-directory",
        "DIR",
        "Folder with the zone files",
        "the zone's file in it is changed, record by record",
        "served",
    ),
}


def _of_service(given: Given, known: Known) -> list[Question]:
    kind = given.get("--dns", "")
    if kind not in list(DnsKind) or kind in known.stanzas:
        return []
    return [_ABOUT_SERVICE[each] for each in SERVICES[DnsKind(kind)].asks]


# Answered by their default where nobody can be asked.
OPTIONAL = frozenset({"--rua", "--private-dir"})


def missing(domain: str, given: Given, known: Known) -> list[Question]:
    """Return the questions that only a person can answer, where there is no terminal to ask on."""
    return [
        each
        for each in questions(domain, given, known)
        if each.default is None or each.option not in OPTIONAL
    ]


def check(option: str, text: str) -> str:
    """Return an answer in its one spelling.

    Raises:
        MailAuthError: it is none; the message says what to write instead.
    """
    try:
        return _CHECKS.get(option, str.strip)(text)
    except (ValueError, RecordSyntaxError) as error:
        raise MailAuthError(f"{option} {text}: {error}") from None


def answers(domain: DomainName, given: Given) -> Answers:
    """Return the answers as values; each was checked, and none is missing."""
    return Answers(
        domain,
        tuple(map(ip_address, given["--ip"].split())),
        DomainName(given["--mail-host"]),
        DnsKind(given["--dns"]),
        given.get("--dns-host", ""),
        given.get("--dns-key-name", ""),
        given.get("--dns-directory", ""),
        SigningProgram(given["--signer"]),
        given["--private-dir"],
        given.get("--rua", ""),
    )


def warnings(found: Answers) -> list[str]:
    """Return what receivers will not take, though it can be written."""
    return [
        f"{address}: is an address inside your network, which receivers never see; "
        "give the address from which your mail reaches the Internet"
        for address in found.addresses
        if any(address in network for network in _INSIDE)
    ]


def checked_domain(text: str) -> DomainName:
    """Return the domain that quickstart is for.

    Raises:
        MailAuthError: it is no domain that can have mail of its own.
    """
    try:
        domain = domain_name(text.removesuffix("."))
    except RecordSyntaxError as error:
        raise MailAuthError(f"{text}: {error}") from None
    if "*" in domain:
        raise MailAuthError(f"{text}: a wildcard has no mail of its own; name the domain")
    if "." not in domain:
        raise MailAuthError(
            f"{text}: is a top-level domain; name the one that your mail is from, "
            "such as example.com"
        )
    return domain


def _addresses(text: str) -> str:
    found = []
    for word in re.split(r"[\s,]+", text.strip()):
        try:
            address = ip_address(word)
        except ValueError:
            raise ValueError(
                f"{word!r} is no address; write one such as 192.0.2.10 or 2001:db8::10"
            ) from None
        if isinstance(address, IPv6Address):
            # Receivers see such a client as IPv4 (RFC 7208 §5): no ip6 term matches it.
            address = address.ipv4_mapped or address
        if address.is_unspecified or address.is_multicast or "%" in word:
            raise ValueError(f"{word} can send no mail; write the address of your mail server")
        found.append(str(address))
    return " ".join(dict.fromkeys(found))


def _host(text: str) -> str:
    name = domain_name(text.strip().removesuffix("."))
    if "." not in name or "*" in name or name.rpartition(".")[2].isdecimal():
        raise ValueError("write the server's full name, such as mail.example.com")
    return name


def _mail_address(text: str) -> str:
    address = text.strip().removeprefix("mailto:")
    if re.search(r"^-|[,!;'\s]", address):  # it also stands in a shell command, in quotes
        raise ValueError("write one plain address, such as postmaster@example.com")
    mailbox.domain_of(address)
    return address


def _choice(kinds: type[StrEnum]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if text.strip().lower() not in list(kinds):
            raise ValueError(f"use one of {', '.join(kinds)}")
        return text.strip().lower()

    return checked


def _plain(example: str) -> Callable[[str], str]:
    """Return a check for a text that may stand in a YAML file as it is."""

    def checked(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9/_][A-Za-z0-9./:_@+-]*|\[[0-9A-Fa-f:.]+\](:[0-9]+)?", text):
            raise ValueError(f"write one such as {example}")
        return text

    return checked


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "--ip": _addresses,
    "--mail-host": _host,
    "--dns": _choice(DnsKind),
    "--dns-host": _plain("192.0.2.53 or 192.0.2.53:5353"),
    "--dns-key-name": _plain("mailauth-key"),
    "--dns-directory": _plain("/etc/bind/zones"),
    "--signer": _choice(SigningProgram),
    "--rua": _mail_address,
}
