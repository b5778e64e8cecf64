"""Changes spliced into the text of a YAML file; every other character stays as it is.

The YAML is composed only to learn where things stand. What a caller splices is read back and
compared with what was meant, so a layout that is not known here is refused, and never garbled.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from mailauth_dns.typed_yaml.flow_text import flow_text

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Tree = Mapping[str, "Tree | str"]


def split_mark(text: str) -> tuple[str, str]:
    """Return a byte order mark, if there is one, and the rest: YAML's parser does not count it."""
    return text[: text.startswith("\ufeff")], text.removeprefix("\ufeff")


def source(text: str, node: yaml.Node) -> str:
    """Return a key as the policy's reader has it: unquoted, and a plain `null` as written."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value) or text[node.start_mark.index : node.end_mark.index]
    return ""


def deepest(text: str, route: tuple[str, ...]) -> tuple[yaml.Node, tuple[str, ...]]:
    """Return the deepest node of the route that is there, and the steps that are not."""
    # `document.read` has refused aliases and too many levels.
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    assert node is not None
    for number, step in enumerate(route):
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        below = next((value for key, value in entries if source(text, key) == step), None)
        if below is None:
            return node, route[number:]
        node = below
    return node, ()


def inserted(text: str, node: yaml.MappingNode, key: str, value: Tree | str) -> str:
    """Return the text with an entry added to the end of a mapping, in the mapping's own style."""
    if node.flow_style:
        entry = f"{key}: {flow_text(value)}"
        if not node.value:
            at = node.start_mark.index + 1
            return text[:at] + entry + text[at:]
        at = end(node.value[-1][1])
        return text[:at] + ", " + entry + text[at:]
    newline = "\r\n" if "\r\n" in text else "\n"
    at = line_end(text, end(node.value[-1][1]))
    lines = newline.join(block(key, value, node.start_mark.column, step(text)))
    if at and text[at - 1] != "\n":
        return text[:at] + newline + lines + text[at:]
    return text[:at] + lines + newline + text[at:]


def with_key(text: str, node: yaml.MappingNode, key: str, value: str | None) -> str:
    """Return the text with a key of a mapping set to a value; None takes the key out."""
    found = next((entry for entry in node.value if source(text, entry[0]) == key), None)
    if found is None:
        return text if value is None else inserted(text, node, key, value)
    if value is None:
        return without_entry(text, node, found)
    return text[: found[1].start_mark.index] + value + text[found[1].end_mark.index :]


def without_entry(text: str, node: yaml.MappingNode, entry: tuple[yaml.Node, yaml.Node]) -> str:
    """Return the text without an entry of a mapping; a block mapping has to keep another one."""
    key, value = entry
    if not node.flow_style:
        start = text.rfind("\n", 0, key.start_mark.index) + 1
        return text[:start] + text[line_end(text, end(value)) :]
    number = node.value.index(entry)
    if number + 1 < len(node.value):
        return text[: key.start_mark.index] + text[node.value[number + 1][0].start_mark.index :]
    start = end(node.value[number - 1][1]) if number else key.start_mark.index
    return text[:start] + text[end(value) :]


def end(node: yaml.Node) -> int:
    """Return where a node's own text ends; a block mapping's mark is after later comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)


def line_end(text: str, at: int) -> int:
    """Return where the next line begins; a block scalar ends there already."""
    if at and text[at - 1] == "\n":
        return at
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1


def step(text: str) -> int:
    """Return by how many columns the file indents."""
    root = yaml.compose(text, Loader=_Loader)
    assert isinstance(root, yaml.MappingNode)
    for _, value in root.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            return int(value.start_mark.column)
    return 2


def without_item(text: str, node: yaml.SequenceNode, number: int) -> str:
    """Return the text without an item of a list that keeps another one."""
    item = node.value[number]
    if not node.flow_style:
        start = text.rfind("\n", 0, item.start_mark.index) + 1
        return text[:start] + text[line_end(text, end(item)) :]
    if number + 1 < len(node.value):
        return text[: item.start_mark.index] + text[node.value[number + 1].start_mark.index :]
    return text[: end(node.value[number - 1])] + text[end(item) :]


def block(key: str, value: Tree | str, indent: int, step: int) -> list[str]:
    """Return a key and its value as lines, the innermost mapping on one line."""
    if isinstance(value, str) or all(isinstance(below, str) for below in value.values()):
        return [f"{' ' * indent}{key}: {flow_text(value)}"]
    lines = [f"{' ' * indent}{key}:"]
    for name, below in value.items():
        lines += block(name, below, indent + step, step)
    return lines
