"""Add or change a DKIM selector in a policy file's text; every other character stays as it is.

The YAML is composed only to learn where things stand, and the change is spliced into the text:
dumping the tree would respell what nobody asked to change. The new text is read back. It must say
what the old text said, plus the change.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.yaml_splice import (
    Tree,
    deepest,
    inserted,
    split_mark,
    with_key,
)
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree
from mailauth_dns.typed_yaml.flow_text import flow_text

_SELECTORS = ("dkim", "selectors")


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
    after = inserted(text, node, missing[0], tree)
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
        after = with_key(after, node, key, value)
    return mark + _proved(path, before, after, {selector: keys})


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
        f"{selector}: {flow_text({key: value or 'null' for key, value in keys.items()})}"
        for selector, keys in changes.items()
    )
