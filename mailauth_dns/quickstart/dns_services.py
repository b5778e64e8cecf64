"""Where a zone is kept, and the provider stanza for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DnsKind(StrEnum):
    """Where you change your DNS records."""

    REGISTRAR = "registrar"
    BIND = "bind"
    POWERDNS = "powerdns"
    LOCAL = "local"
    ROUTE53 = "route53"
    CLOUDFLARE = "cloudflare"


@dataclass(frozen=True, slots=True)
class DnsService:
    """One kind of DNS service.

    `stanza` are the lines of its provider file; `{host}`, `{port}`, `{key_name}` and `{directory}`
    are filled in. `secrets` are the environment variables that it names, each with what is in it.
    `extra` is the part of our package that speaks to it.
    """

    title: str
    stanza: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()  # the options that fill the stanza in
    port: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict)
    extra: str | None = None
    module: str | None = None  # that the extra brings


SERVICES: Mapping[DnsKind, DnsService] = {
    DnsKind.REGISTRAR: DnsService("a web form, into which you paste the records"),
    DnsKind.BIND: DnsService(
        "BIND, changed by DNS updates with a TSIG key",
        (
            "# BIND, changed by DNS updates (RFC 2136) that are signed with a TSIG key.",
            "class: octodns_bind.Rfc2136Provider",
            "host: {host}",
            "port: {port}",
            "key_name: '{key_name}'",
            "key_secret: env/BIND_KEY_SECRET # the secret itself never stands in this file",
            "key_algorithm: hmac-sha256",
            "root_ns_warnings: false # we leave the zone's NS records alone",
        ),
        ("--dns-host", "--dns-key-name"),
        53,
        {"BIND_KEY_SECRET": "the secret of the TSIG key, in base64"},
        "bind",
        "octodns_bind",
    ),
    DnsKind.POWERDNS: DnsService(
        "PowerDNS, changed by its HTTP API",
        (
            "# PowerDNS, changed by its HTTP API.",
            "class: octodns_powerdns.PowerDnsProvider",
            "host: {host}",
            "port: {port}",
            "api_key: env/POWERDNS_API_KEY # the key itself never stands in this file",
            "root_ns_warnings: false # we leave the zone's NS records alone",
        ),
        ("--dns-host",),
        8081,
        {"POWERDNS_API_KEY": "the API key (api-key in pdns.conf)"},
        "powerdns",
        "octodns_powerdns",
    ),
    DnsKind.LOCAL: DnsService(
        "zone files in a folder of this machine",
        (
            "# Zones as master files in a folder, changed record by record.",
            "class: mailauth_dns.octo.LocalProvider",
            "directory: {directory}",
        ),
        ("--dns-directory",),
    ),
    DnsKind.ROUTE53: DnsService(
        "Amazon Route 53",
        (
            "# Amazon Route 53.",
            "class: octodns_route53.Route53Provider",
            "access_key_id: env/AWS_ACCESS_KEY_ID",
            "secret_access_key: env/AWS_SECRET_ACCESS_KEY",
        ),
        secrets={
            "AWS_ACCESS_KEY_ID": "the id of an access key",
            "AWS_SECRET_ACCESS_KEY": "its secret",
        },
        extra="route53",
        module="octodns_route53",
    ),
    DnsKind.CLOUDFLARE: DnsService(
        "Cloudflare",
        (
            "# Cloudflare.",
            "class: octodns_cloudflare.CloudflareProvider",
            "token: env/CLOUDFLARE_TOKEN # may edit the DNS of this zone",
        ),
        secrets={"CLOUDFLARE_TOKEN": "an API token that may edit the zone's DNS"},
        extra="cloudflare",
        module="octodns_cloudflare",
    ),
}


def stanza(kind: DnsKind, host: str, key_name: str, directory: str) -> str:
    """Return the text of the provider file; `host` may end in `:PORT`."""
    service = SERVICES[kind]
    address, port = split_port(host, service.port)
    lines = (
        line.format(host=address, port=port, key_name=key_name, directory=directory)
        for line in service.stanza
    )
    return "".join(f"{line}\n" for line in lines)


def split_port(host: str, default: int) -> tuple[str, int]:
    """Return the host and the port of `host:port`; an IPv6 address with a port is in brackets.

    >>> split_port("[2001:db8::53]:5353", 53)
    ('2001:db8::53', 5353)
    >>> split_port("2001:db8::53", 53)
    ('2001:db8::53', 53)
    """
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal() or (":" in name and not name.endswith("]")):
        return host.strip("[]"), default
    return name.strip("[]"), int(port)
