"""Add or change a DKIM selector in a policy file's text; every other character stays as it is.

The YAML is composed only to learn where things stand, and the change is spliced into the text:
dumping the tree would respell what nobody asked to change. The new text is read back. It must say
what the old text said, plus the change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

_SELECTORS = ("dkim", "selectors")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Tree = Mapping[str, "Tree | str"]
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+/=_:-]*(?<!:)")


def with_selector(path: str, text: str, selector: str, keys: Tree) -> str:
    """Return the text with a selector that has these keys; `path` is for messages.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the selector is there already, or the file has no place for it.
    """
    mark, text = split_mark(text)
    before = yaml_tree.plain(yaml_reader.read(path, text.encode()))
    node, missing = deepest(text, (*_SELECTORS, selector))
    if not missing:
        raise MailAuthError(
            f"{path}: dkim.selectors.{selector} is there already; a new key needs a new selector"
        )
    if not isinstance(node, yaml.MappingNode):
        raise MailAuthError(
            f"{path}: there is no place for dkim.selectors.{selector}: what stands above it is "
            "not a mapping"
        )
    tree: Tree = keys
    for step in reversed(missing[1:]):
        tree = {step: tree}
    after = _insert(text, node, missing[0], tree)
    return mark + _proved(path, before, after, {selector: keys})


def with_keys(path: str, text: str, selector: str, keys: Mapping[str, str | None]) -> str:
    """Return the text with these keys of a selector set; None takes a key out.

    `path` is for messages.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the selector is not in this file, or cannot be edited as it is written.
    """
    mark, after = split_mark(text)
    before = yaml_tree.plain(yaml_reader.read(path, after.encode()))
    for key, value in keys.items():
        node, missing = deepest(after, (*_SELECTORS, selector))
        if missing or not isinstance(node, yaml.MappingNode):
            raise MailAuthError(
                f"{path}: does not declare dkim.selectors.{selector} itself, so it cannot be "
                "changed there"
            )
        found = next((entry for entry in node.value if source(after, entry[0]) == key), None)
        if found is None:
            after = after if value is None else _insert(after, node, key, value)
        elif value is None:
            after = _without(after, node, found)
        else:
            after = after[: found[1].start_mark.index] + value + after[found[1].end_mark.index :]
    return mark + _proved(path, before, after, {selector: keys})


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


def _insert(text: str, node: yaml.MappingNode, key: str, value: Tree | str) -> str:
    """Return the text with an entry added to the end of a mapping, in the mapping's own style."""
    if node.flow_style:
        entry = f"{key}: {_flow(value)}"
        if not node.value:
            at = node.start_mark.index + 1
            return text[:at] + entry + text[at:]
        at = _end(node.value[-1][1])
        return text[:at] + ", " + entry + text[at:]
    newline = "\r\n" if "\r\n" in text else "\n"
    at = _line_end(text, _end(node.value[-1][1]))
    lines = newline.join(_block(key, value, node.start_mark.column, _step(text)))
    if at and text[at - 1] != "\n":
        return text[:at] + newline + lines + text[at:]
    return text[:at] + lines + newline + text[at:]


def _without(text: str, node: yaml.MappingNode, entry: tuple[yaml.Node, yaml.Node]) -> str:
    key, value = entry
    if not node.flow_style:
        start = text.rfind("\n", 0, key.start_mark.index) + 1
        return text[:start] + text[_line_end(text, _end(value)) :]
    number = node.value.index(entry)
    if number + 1 < len(node.value):
        return text[: key.start_mark.index] + text[node.value[number + 1][0].start_mark.index :]
    start = _end(node.value[number - 1][1]) if number else key.start_mark.index
    return text[:start] + text[_end(value) :]


def _end(node: yaml.Node) -> int:
    """Return where a node's own text ends; a block mapping's mark is after later comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    """Return where the next line begins; a block scalar ends there already."""
    if at and text[at - 1] == "\n":
        return at
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1


def _step(text: str) -> int:
    """Return by how many columns the file indents."""
    root = yaml.compose(text, Loader=_Loader)
    assert isinstance(root, yaml.MappingNode)
    for _, value in root.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            return int(value.start_mark.column)
    return 2


def _flow(value: Tree | str) -> str:
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value != "null" else json.dumps(value)
    return "{" + ", ".join(f"{key}: {_flow(below)}" for key, below in value.items()) + "}"


def _block(key: str, value: Tree | str, indent: int, step: int) -> list[str]:
    if isinstance(value, str) or all(isinstance(below, str) for below in value.values()):
        return [f"{' ' * indent}{key}: {_flow(value)}"]
    lines = [f"{' ' * indent}{key}:"]
    for name, below in value.items():
        lines += _block(name, below, indent + step, step)
    return lines


def _proved(
    path: str,
    before: yaml_tree.Plain,
    after: str,
    changes: Mapping[str, Mapping[str, Tree | str | None]],
) -> str:
    """Return the new text where it says what was meant.

    Raises:
        MailAuthError: it does not, so the file's layout is one that this editor does not know.
    """
    hint = (
        f"{path}: cannot be edited without rewriting it; write the change by hand: "
        f"dkim.selectors: {_told(changes)}"
    )
    assert isinstance(before, dict)
    dkim = before.setdefault("dkim", {})
    selectors = dkim.setdefault("selectors", {}) if isinstance(dkim, dict) else None
    if not isinstance(selectors, dict):
        raise MailAuthError(hint)
    for selector, keys in changes.items():
        entry = selectors.setdefault(selector, {})
        assert isinstance(entry, dict)
        for key, value in keys.items():
            if value is None:
                entry.pop(key, None)
            else:
                entry[key] = _plain(value)
    try:
        said = yaml_tree.plain(yaml_reader.read(path, after.encode()))
    except yaml_reader.DocumentError:
        raise MailAuthError(hint) from None
    if said != before:
        raise MailAuthError(hint)
    return after


def _plain(value: Tree | str) -> yaml_tree.Plain:
    return value if isinstance(value, str) else {key: _plain(each) for key, each in value.items()}


def _told(changes: Mapping[str, Mapping[str, Tree | str | None]]) -> str:
    return ", ".join(
        f"{selector}: {_flow({key: value or 'null' for key, value in keys.items()})}"
        for selector, keys in changes.items()
    )
