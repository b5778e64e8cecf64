"""The tree of a policy file without what only its own checks and lint look at.

Once a policy is read, its body has all that it says. Of the tree, a plan needs the places of what
declares records, of tests and of permissions. Of ten thousand policies, the rest would take as much
memory as all bodies.
"""

from __future__ import annotations

from mailauth_dns.typed_yaml.yaml_tree import Mapping, Node, Place, Scalar, SourceText

# Of these sections, only some parts have places of their own in a plan. Other sections stay whole.
_PARTS = {
    "spf": ("flatten",),
    "dmarc": ("rua", "ruf"),
    "mta_sts": (),
    "tls_rpt": (),
}
# Nobody asks for these after a policy is read, which knows where its own domain is declared.
_DONE = ("domain", "domains", "domains_file", "waivers")
_ANYTHING = Scalar(Place(SourceText("", ()), 0, 0), None)  # stands for what is left out


def places_only(root: Mapping) -> Mapping:
    """Return a tree in which `locate` finds what compile and plan ask for."""
    return Mapping(
        root.place, {key: _section(key, node) for key, node in root.items.items()}, root.keys
    )


def _section(key: str, node: Node) -> Node:
    if key in _DONE:
        return _ANYTHING
    if not isinstance(node, Mapping):
        return node
    if key in _PARTS:
        there = [part for part in _PARTS[key] if part in node.items]
        items = {part: node.items[part] for part in there}
        return Mapping(node.place, items, {part: node.keys[part] for part in there})
    if key == "bimi":
        return _keys(node)
    if key == "dkim":
        parts = {part: _keys(below) for part, below in node.items.items()}
        return Mapping(node.place, parts, node.keys)
    return node


def _keys(node: Node) -> Node:
    """Return a mapping with the places of its keys alone."""
    if not isinstance(node, Mapping):
        return node
    return Mapping(node.place, dict.fromkeys(node.items, _ANYTHING), node.keys)
