"""Change values of a section in a policy file's text; every other character stays."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.yaml_splice import deepest, inserted, split_mark, with_key
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

Tags = Mapping[str, str | None]  # the section's keys; None takes one out


def with_tags(path: str, text: str, section: str, tags: Tags) -> str:
    """Return the text with these keys of a section, such as `dmarc`; `path` is for messages.

    A file that inherits its section gets one of its own, for the rest of which it still does.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the file cannot be edited as it is written.
    """
    mark, before = split_mark(text)
    wanted = _meant(yaml_tree.plain(yaml_reader.read(path, before.encode())), section, tags)
    after = before
    for tag, value in tags.items():
        node, missing = deepest(after, (section,))
        if not isinstance(node, yaml.MappingNode):
            break
        if missing and value is not None:
            after = inserted(after, node, section, {tag: value})
        elif not missing:
            after = with_key(after, node, tag, value)
    if wanted is None or _said(path, after) != wanted:
        raise MailAuthError(
            f"{path}: cannot be edited without rewriting it; write the change by hand: "
            f"below {section}, {told(tags)}"
        )
    return mark + after


def told(tags: Tags) -> str:
    """Return keys as a policy has them, for people."""
    return ", ".join(
        f"`{tag}: {value}`" if value is not None else f"no `{tag}`" for tag, value in tags.items()
    )


def _meant(before: yaml_tree.Plain, section: str, tags: Tags) -> yaml_tree.Plain | None:
    """Return what the edited file has to say; None where what is there is no mapping."""
    assert isinstance(before, dict)
    there = before.get(section, {})
    if not isinstance(there, dict):
        return None
    kept = {tag: said for tag, said in there.items() if tag not in tags}
    new = {tag: value for tag, value in tags.items() if value is not None}
    return {**before, section: {**kept, **new}}


def _said(path: str, text: str) -> yaml_tree.Plain | None:
    try:
        return yaml_tree.plain(yaml_reader.read(path, text.encode()))
    except yaml_reader.DocumentError:
        return None
