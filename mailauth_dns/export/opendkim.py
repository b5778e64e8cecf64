"""OpenDKIM's files: opendkim.conf, KeyTable, SigningTable and TrustedHosts (opendkim.conf(5)).

One OpenDKIM signs with one algorithm, `SignatureAlgorithm`, whatever the key is. An RSA key under
ed25519-sha256 makes signatures that nobody can verify; an Ed25519 key under rsa-sha256 makes a
temporary error for every message. So Ed25519 keys have an OpenDKIM of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from mailauth_dns.export.milter import Socket
from mailauth_dns.export.signers import Signer
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.config_lines import rows
from mailauth_dns.signing_host.opendkim_conf import CONFS

KEY_TABLE = {KeyType.RSA: "KeyTable", KeyType.ED25519: "KeyTable.ed25519"}
SIGNING_TABLE = {KeyType.RSA: "SigningTable", KeyType.ED25519: "SigningTable.ed25519"}
TRUSTED = "TrustedHosts"
TABLES = (*KEY_TABLE.values(), *SIGNING_TABLE.values())

# What decides with which key mail is signed; the rest of the file is the host's own business.
_DECIDING = frozenset(
    {"mode", "keytable", "signingtable", "multiplesignatures", "signaturealgorithm", "socket"}
)
_UNSAID = "... (not shown)"
_DEFAULTS = {"mode": "sv", "signaturealgorithm": "rsa-sha256"}


def files(
    signers: Sequence[Signer],
    sockets: Mapping[KeyType, Socket],
    config_dir: PurePosixPath,
    internal: Sequence[str],
) -> dict[str, str]:
    """Return the three files of each OpenDKIM that is needed, and the list of `internal` hosts.

    The tables are to be put in `config_dir`.
    """
    found = {}
    for type in KeyType:
        of_type = [signer for signer in signers if signer.type is type]
        if of_type:
            found[CONFS[type]] = _conf(type, sockets[type], config_dir)
            found[KEY_TABLE[type]] = "".join(
                f"{signer.name} {signer.domain}:{signer.selector}:{signer.path}\n"
                for signer in of_type
            )
            found[SIGNING_TABLE[type]] = "".join(
                f"*@{signer.domain} {signer.name}\n" for signer in of_type
            )
    found[TRUSTED] = _TRUSTED + "".join(f"{host}\n" for host in internal)
    return found


_TRUSTED = """\
# Mail from these hosts is signed, and mail of clients that log in. List the others that relay
# through this host too: export with --mynetworks "$(postconf -h mynetworks)".
"""
_HEAD = """# Install as /etc/{name}: the file in {config_dir} is read by nothing.
# Mode s signs and leaves what comes in alone; write sv where nothing else verifies it.
"""


def _conf(type: KeyType, socket: Socket, config_dir: PurePosixPath) -> str:
    settings = {
        "Mode": "s",
        "SignatureAlgorithm": f"{type}-sha256",
        "Canonicalization": "relaxed/relaxed",
        "OversignHeaders": "From",
        "KeyTable": str(config_dir / KEY_TABLE[type]),
        "SigningTable": f"refile:{config_dir / SIGNING_TABLE[type]}",
        "InternalHosts": str(config_dir / TRUSTED),
        "ExternalIgnoreList": str(config_dir / TRUSTED),
        "MultipleSignatures": "yes",  # without it only the first of several active keys signs
        "Socket": socket.opendkim,
        "UMask": "007",
        "UserID": "opendkim",
        "PidFile": f"/run/opendkim/{PurePosixPath(CONFS[type]).stem}.pid",
        "Syslog": "yes",
    }
    head = _HEAD.format(name=CONFS[type], config_dir=config_dir)
    return head + "".join(f"{name:<20}{value}\n" for name, value in settings.items())


def conf_statements(settings: Mapping[str, str]) -> Iterator[str]:
    """Yield what a configuration says of signing, in one spelling; what it leaves out by default.

    `settings` are by lower-case name. There are no statements where there are no settings.
    """
    if settings:
        yield from (
            _setting(name, text) for name, text in _DEFAULTS.items() if name not in settings
        )
    for name, value in settings.items():
        if name in _DECIDING:
            yield _setting(name, value)


def table_statements(name: str, text: str, domains: Collection[DomainName]) -> Iterator[str]:
    """Yield what one of the tables says of these domains, a line a statement, in one spelling."""
    for first, rest in rows(text):
        if not rest:
            continue
        if name in KEY_TABLE.values():
            if rest.split(":")[0].lower() in domains:
                yield f"{first.lower()} {_without_key(rest)}"
        elif any(_matches(first.lower(), domain) for domain in domains):
            yield f"{first} {rest}".lower()


def _without_key(entry: str) -> str:
    """Return an entry of a KeyTable without the key itself, which may stand there for its path."""
    domain, selector, key = (*entry.split(":", 2), "", "")[:3]
    return (
        entry if not key or key.startswith(("/", "./", "../")) else f"{domain}:{selector}:{_UNSAID}"
    )


def source(value: str) -> str:
    """Return where OpenDKIM gets a table from, without a database's password or the keys in it."""
    if value.startswith("csl:"):
        return f"csl:{_UNSAID}"
    return re.sub("//.*@", f"//{_UNSAID}@", value)  # dsn:mysql://USER:PASSWORD@HOST/...


def _matches(pattern: str, domain: DomainName) -> bool:
    """Tell whether a SigningTable's pattern matches an address of the domain.

    Every pattern that matches signs, those of other domains too.
    """
    _, at, of_domain = pattern.rpartition("@")
    # Where there is no @, a star matches it, with what is beside it.
    tails = (
        [of_domain]
        if at
        else [pattern[index:] for index, character in enumerate(pattern) if character == "*"]
        or [pattern]
    )
    return any(re.fullmatch(".*".join(map(re.escape, tail.split("*"))), domain) for tail in tails)


def entries(text: str) -> list[str]:
    """Return the entries of a list of hosts, one a line."""
    return [entry for entry, _ in rows(text)]


def domains_of(name: str, text: str) -> frozenset[str]:
    """Return the domains for which one of the tables, as `files` makes them, has keys."""
    if name not in TABLES:
        return frozenset()
    at_key = name in KEY_TABLE.values()
    return frozenset(
        rest.split(":")[0] if at_key else first.rpartition("@")[2]
        for first, rest in rows(text)
        if rest
    )


def _setting(name: str, value: str) -> str:
    if name in ("keytable", "signingtable"):
        value = source(value)
    if name == "mode":
        # To verify as well does not change signing.
        value = "".join(sorted(set(value) - {"v"})) or value
    if name == "multiplesignatures":
        value = "yes" if value.lower() in ("yes", "true", "1") else "no"
    return f"{name} {value}"
