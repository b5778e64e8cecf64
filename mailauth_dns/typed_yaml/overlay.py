"""One YAML mapping laid over another."""

from __future__ import annotations

from mailauth_dns.typed_yaml.yaml_tree import Mapping, Node, Scalar


def merged(base: Mapping, over: Mapping) -> Mapping:
    """Return `over` laid over `base`; each part keeps its place in its own file.

    Mappings merge, lists and scalars replace, and null takes the inherited key out.
    """
    items = dict(base.items)
    keys = dict(base.keys)
    for key, node in over.items.items():
        keys[key] = over.keys[key]
        below = items.get(key)
        if isinstance(node, Scalar) and node.text is None and below is not None:
            del items[key], keys[key]
        elif isinstance(node, Mapping) and isinstance(below, Mapping):
            items[key] = merged(below, node)
        else:
            items[key] = node
    return Mapping(over.place, items, keys)


def without_nulls(root: Mapping) -> Mapping:
    """Return a mapping without the keys that are null, at any depth of mappings.

    After `merged`, a null that is left has nothing to take out.
    """
    items: dict[str, Node] = {}
    same = True
    for key, node in root.items.items():
        if isinstance(node, Mapping):
            items[key] = kept = without_nulls(node)
            same = same and kept is node
        elif isinstance(node, Scalar) and node.text is None:
            same = False
        else:
            items[key] = node
    return root if same else Mapping(root.place, items, root.keys)
