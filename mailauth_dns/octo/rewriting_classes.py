"""Classes of octoDNS that cannot keep what is not ours, as their source says.

docs/reference/providers/others.md has the versions; script/other_providers.py looks at each class.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.records.family import family
from mailauth_dns.records.zone import RRKey, Zone

# They send all records that octoDNS has of the zone, and the provider drops every other one.
WHOLE_ZONE = frozenset(
    {"octodns_sakuracloud.SakuraCloudProvider", "octodns_transip.TransipProvider"}
)

# They delete a set before they make it anew. If the second request fails, the values of others are
# lost with ours.
DELETE_FIRST = frozenset(
    {
        "octodns_autodns.AutoDNSProvider",
        "octodns_bunny.BunnyProvider",
        "octodns_constellix.ConstellixProvider",
        "octodns_digitalocean.DigitalOceanProvider",
        "octodns_dnsimple.DnsimpleProvider",
        "octodns_dnsmadeeasy.DnsMadeEasyProvider",
        "octodns_easydns.EasyDnsProvider",
        "octodns_exoscale.ExoscaleProvider",
        "octodns_gandi.GandiProvider",
        "octodns_infomaniak.InfomaniakProvider",
        "octodns_inwx.INWXProvider",
        "octodns_nexdns.NexdnsProvider",
        "octodns_ovh.OvhProvider",
        "octodns_rackspace.RackspaceProvider",
        "octodns_selectel.SelectelProvider",
        "octodns_technitiumdns.TechnitiumDnsProvider",
        "octodns_unifi.UnifiProvider",
        "octodns_xserver.XServerProvider",
    }
)


def class_names(provider: object) -> frozenset[str]:
    """Return the names of a provider's class and those below it, as a stanza writes them."""
    return frozenset(
        f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(provider).__mro__
    )


def shared_sets(zone: Zone) -> Mapping[RRKey, str]:
    """Return the TXT sets that others have values in, with the reason why they are not written."""
    reason = (
        "this provider's class deletes the set before it makes it anew, so the values of others in "
        "it could be lost; write our value there by hand, beside the others, and plan again: "
        "what is there already needs no writing"
    )
    return {
        rrset.key: reason
        for rrset in zone.rrsets
        if rrset.type == "TXT"
        and any(family(rrset.name, rrset.type, value) is None for value in rrset.values)
    }
