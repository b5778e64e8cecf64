"""The resources of each Terraform provider, one row each: names, quotes and how it splits TXT."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.export import hcl
from mailauth_dns.export.hcl import Expression, Value, block
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted, strings


class TerraformProvider(StrEnum):
    """The Terraform providers whose resources `export` can write."""

    AWS = "aws"
    AZURERM = "azurerm"
    CLOUDFLARE = "cloudflare"
    CLOUDFLARE4 = "cloudflare4"  # before its version 5, with another name for the resource
    DNS = "dns"
    GOOGLE = "google"


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One set that a policy declares; `shared` where values that are not ours may stand in it."""

    zone: DomainName
    name: DomainName
    type: str
    ttl: int
    values: tuple[str, ...]
    shared: bool

    @property
    def relative(self) -> str:
        """The name below its zone; empty for the zone itself."""
        return "" if self.name == self.zone else self.name.removesuffix("." + self.zone)

    @property
    def with_others(self) -> bool:
        """Whether values of others may stay: beside a null MX there must be none."""
        return self.shared and self.type == "TXT"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its type, what its label says, its arguments, and its blocks."""

    type: str
    label: str
    arguments: Mapping[str, Value]
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What is particular to one provider.

    `zones` says what the variable holds for each zone; it is empty where none is needed. A resource
    `owns` its whole set, or is one value of it. `other` shows how it writes a TXT value.
    """

    resources: Callable[[RecordSet], list[Resource]]
    zones: str
    owns: bool = True
    other: str = "token=..."


ZONES = "mailauth_zones"
OTHERS = "mailauth_others"


def _others(each: RecordSet) -> str:
    return f'lookup(var.{OTHERS}, "{each.name}", [])'


def _all_values(each: RecordSet, ours: Sequence[str]) -> Value:
    if not each.with_others:
        return ours
    return Expression(f"concat({hcl.strings(ours)}, {_others(each)})")


def _zone(each: RecordSet) -> Expression:
    return Expression(f'var.{ZONES}["{each.zone}"]')


def _escaped(value: str) -> list[str]:
    """Return the strings of a TXT value, escaped as in a master file, without their quotes."""
    return [quoted(string)[1:-1] for string in strings(value)]


def _preference(value: str) -> tuple[int, str]:
    preference, exchange = value.split()
    return int(preference), exchange


def _aws(each: RecordSet) -> list[Resource]:
    # The provider adds the outer quotes of a TXT value, and none between its strings.
    values = ['""'.join(_escaped(value)) if each.type == "TXT" else value for value in each.values]
    return [
        Resource(
            "aws_route53_record",
            f"{each.name}_{each.type.lower()}",
            {
                "zone_id": _zone(each),
                "name": each.name,
                "type": each.type,
                "ttl": each.ttl,
                "records": _all_values(each, values),
            },
        )
    ]


def _google(each: RecordSet) -> list[Resource]:
    values = [quoted(value) if each.type == "TXT" else value for value in each.values]
    return [
        Resource(
            "google_dns_record_set",
            f"{each.name}_{each.type.lower()}",
            {
                "managed_zone": _zone(each),
                "name": f"{each.name}.",
                "type": each.type,
                "ttl": each.ttl,
                "rrdatas": _all_values(each, values),
            },
        )
    ]


def _cloudflare(resource: str) -> Callable[[RecordSet], list[Resource]]:
    def made(each: RecordSet) -> Iterator[Resource]:
        for value in each.values:
            arguments: dict[str, Value] = {
                "zone_id": _zone(each),
                "name": each.name,
                "type": each.type,
                "ttl": each.ttl,
            }
            if each.type == "MX":
                preference, exchange = _preference(value)
                arguments |= {"content": exchange, "priority": preference}
            elif each.type == "TXT":
                arguments["content"] = quoted(value)
            else:
                arguments |= {"content": value.removesuffix("."), "proxied": False}
            yield Resource(resource, f"{each.name}_{each.type.lower()}", arguments)

    return lambda each: list(made(each))


def _azurerm(each: RecordSet) -> list[Resource]:
    arguments: dict[str, Value] = {
        "resource_group_name": _zone(each),
        "zone_name": each.zone,
        "name": each.relative or "@",
        "ttl": each.ttl,
    }
    blocks = []
    for value in each.values:
        if each.type == "CNAME":
            arguments["record"] = value.removesuffix(".")
        elif each.type == "MX":
            preference, exchange = _preference(value)
            blocks.append(block(("record",), {"preference": str(preference), "exchange": exchange}))
        else:
            blocks.append(block(("record",), {"value": value}))  # the provider splits it
    if each.with_others:
        content = block(("content",), {"value": Expression("record.value")})
        each_other = {"for_each": Expression(_others(each))}
        blocks.append(block(("dynamic", "record"), each_other, [content]))
    return [
        Resource(f"azurerm_dns_{each.type.lower()}_record", each.name, arguments, tuple(blocks))
    ]


def _dns(each: RecordSet) -> list[Resource]:
    arguments: dict[str, Value] = {"zone": f"{each.zone}."}
    if each.relative:
        arguments["name"] = each.relative
    arguments["ttl"] = each.ttl
    if each.type == "CNAME":
        arguments["cname"] = each.values[0]
        return [Resource("dns_cname_record", each.name, arguments)]
    if each.type == "MX":
        pairs = map(_preference, each.values)
        mx = [block(("mx",), {"preference": first, "exchange": second}) for first, second in pairs]
        return [Resource("dns_mx_record_set", each.name, arguments, tuple(mx))]
    # The provider puts a value between quotes, and its library splits it.
    whole = ["".join(_escaped(value)) for value in each.values]
    arguments["txt"] = _all_values(each, whole)
    return [Resource("dns_txt_record_set", each.name, arguments)]


KINDS: Mapping[TerraformProvider, Kind] = {
    TerraformProvider.AWS: Kind(_aws, "the hosted zone id of each zone"),
    TerraformProvider.AZURERM: Kind(_azurerm, "the resource group of each zone"),
    TerraformProvider.CLOUDFLARE: Kind(
        _cloudflare("cloudflare_dns_record"), "the zone id of each zone", owns=False
    ),
    TerraformProvider.CLOUDFLARE4: Kind(
        _cloudflare("cloudflare_record"), "the zone id of each zone", owns=False
    ),
    TerraformProvider.DNS: Kind(_dns, ""),
    TerraformProvider.GOOGLE: Kind(
        _google, "the name of the managed zone of each zone", other='"token=..."'
    ),
}
