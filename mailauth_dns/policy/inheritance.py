"""What a policy inherits from the defaults, and what it takes out or replaces."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import FileProblem
from mailauth_dns.records.family import SECTIONS
from mailauth_dns.typed_yaml.yaml_tree import Mapping, Scalar

_MAIL_SECTIONS = tuple(key for key in SECTIONS if key != "dmarc")  # a parked policy has DMARC
_GATED = ("dmarc", "mta_sts")
_REPORT_TAGS = ("rua", "ruf")  # what a parked policy may say of DMARC


def with_one_ending(root: Mapping, own: Mapping) -> Mapping:
    """Return a policy whose own `redirect` drops an inherited `all`, and vice versa."""
    spf, own_spf = root.items.get("spf"), own.items.get("spf")
    if not isinstance(spf, Mapping) or not isinstance(own_spf, Mapping):
        return root
    for key, other in (("redirect", "all"), ("all", "redirect")):
        if key in own_spf.items and other in spf.items and other not in own_spf.items:
            items = {name: node for name, node in spf.items.items() if name != other}
            section = Mapping(spf.place, items, spf.keys)
            return Mapping(root.place, {**root.items, "spf": section}, root.keys)
    return root


def without_lone_gate(root: Mapping, own: Mapping) -> Mapping:
    """Return a policy without sections that are nothing but an inherited gate: none is declared."""
    items = {
        key: node
        for key, node in root.items.items()
        if key not in _GATED
        or key in own.items
        or not isinstance(node, Mapping)
        or node.items.keys() != {"gate"}
    }
    return Mapping(root.place, items, root.keys) if len(items) < len(root.items) else root


def is_parked(root: Mapping) -> bool:
    """Tell whether a policy says `parked: true`."""
    parked = root.items.get("parked")
    return isinstance(parked, Scalar) and parked.text in ("true", "True")


def with_bare_senders(root: Mapping) -> Mapping:
    """Return a policy whose senders without a value have an empty one: `google:` is `google: {}`.

    A null that took an inherited sender out is not there any more.
    """
    section = root.items.get("senders")
    if not isinstance(section, Mapping):
        return root
    items = {
        key: Mapping(node.place, {}, {}) if isinstance(node, Scalar) and node.text is None else node
        for key, node in section.items.items()
    }
    senders = Mapping(section.place, items, section.keys)
    return Mapping(root.place, {**root.items, "senders": senders}, root.keys)


def parked_problems(own: Mapping) -> Iterator[FileProblem]:
    """Yield the mail sections that a parked policy itself gives and must not."""
    for key in _MAIL_SECTIONS:
        if key in own.items:
            yield own.keys[key].problem(
                key, "a parked domain has no mail sections; take this out, or `parked`"
            )
    section = own.items.get("dmarc")
    if isinstance(section, Mapping):
        for key in section.items.keys() - set(_REPORT_TAGS):
            yield section.keys[key].problem(
                f"dmarc.{key}",
                "a parked domain always asks for reject; only rua and ruf can be given",
            )
    elif section is not None:
        yield own.keys["dmarc"].problem(
            "dmarc", "a parked domain always has a DMARC record; give rua and ruf, or nothing"
        )


def without_mail(root: Mapping) -> Mapping:
    """Return a parked policy without mail sections; of `dmarc` the report addresses stay."""
    items = {key: node for key, node in root.items.items() if key not in _MAIL_SECTIONS}
    section = items.pop("dmarc", None)
    if isinstance(section, Mapping):
        kept = {key: node for key, node in section.items.items() if key in _REPORT_TAGS}
        items["dmarc"] = Mapping(section.place, kept, section.keys)
    return Mapping(root.place, items, root.keys)
