"""What each Terraform resource takes, as the providers themselves say it.

Read from the bindings that are generated from the providers' schemas, on PyPI: the packages
cdktf-cdktf-provider-aws 21.22.1, -azurerm 14.23.1, -cloudflare 13.9.1 (provider 5) and 11.30.0
(provider 4), -dns 9.0.1 and -google 16.12.1. They are 170 MB together, so the tests have this table
and not the packages. Arguments that we could not use are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Schema:
    """The types of required and optional arguments, and of what stands in the inner block."""

    required: dict[str, type]
    optional: dict[str, type] = field(default_factory=dict)
    block: str = ""
    inner: dict[str, type] = field(default_factory=dict)


_AZURE = {"zone_name": str, "resource_group_name": str, "ttl": int}
_CLOUDFLARE = {"content": str, "priority": int, "proxied": bool}
_DNS = {"ttl": int, "name": str}

SCHEMAS = {
    "aws_route53_record": Schema(
        {"zone_id": str, "name": str, "type": str}, {"ttl": int, "records": list}
    ),
    "azurerm_dns_cname_record": Schema({"name": str, **_AZURE}, {"record": str}),
    "azurerm_dns_mx_record": Schema(
        _AZURE, {"name": str}, "record", {"preference": str, "exchange": str}
    ),
    "azurerm_dns_txt_record": Schema({"name": str, **_AZURE}, {}, "record", {"value": str}),
    "cloudflare_dns_record": Schema(
        {"zone_id": str, "name": str, "type": str, "ttl": int}, _CLOUDFLARE
    ),
    "cloudflare_record": Schema(
        {"zone_id": str, "name": str, "type": str}, {"ttl": int, **_CLOUDFLARE}
    ),
    "dns_cname_record": Schema({"zone": str, "name": str, "cname": str}, {"ttl": int}),
    "dns_mx_record_set": Schema({"zone": str}, _DNS, "mx", {"preference": int, "exchange": str}),
    "dns_txt_record_set": Schema({"zone": str, "txt": list}, _DNS),
    "google_dns_record_set": Schema(
        {"managed_zone": str, "name": str, "type": str}, {"ttl": int, "rrdatas": list}
    ),
}
