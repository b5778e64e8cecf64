"""Change tags of the `dmarc` section in a policy file's text; every other character stays."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.yaml_splice import deepest, inserted, split_mark, with_key
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

_SECTION = "dmarc"
Tags = Mapping[str, str | None]  # None takes a tag out


def with_tags(path: str, text: str, tags: Tags) -> str:
    """Return the text with these tags; `path` is for messages.

    A file that inherits its section gets one of its own, for the rest of which it still does.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the file cannot be edited as it is written.
    """
    mark, before = split_mark(text)
    wanted = _meant(yaml_tree.plain(yaml_reader.read(path, before.encode())), tags)
    after = before
    for tag, value in tags.items():
        node, missing = deepest(after, (_SECTION,))
        if not isinstance(node, yaml.MappingNode):
            break
        if missing and value is not None:
            after = inserted(after, node, _SECTION, {tag: value})
        elif not missing:
            after = with_key(after, node, tag, value)
    if wanted is None or _said(path, after) != wanted:
        raise MailAuthError(
            f"{path}: cannot be edited without rewriting it; write the change by hand: "
            f"below dmarc, {told(tags)}"
        )
    return mark + after


def told(tags: Tags) -> str:
    """Return tags as a policy has them, for people."""
    return ", ".join(
        f"`{tag}: {value}`" if value is not None else f"no `{tag}`" for tag, value in tags.items()
    )


def _meant(before: yaml_tree.Plain, tags: Tags) -> yaml_tree.Plain | None:
    """Return what the edited file has to say; None where what is there is no mapping."""
    assert isinstance(before, dict)
    section = before.get(_SECTION, {})
    if not isinstance(section, dict):
        return None
    said = {**section, **tags}
    return {**before, _SECTION: {tag: each for tag, each in said.items() if each is not None}}


def _said(path: str, text: str) -> yaml_tree.Plain | None:
    try:
        return yaml_tree.plain(yaml_reader.read(path, text.encode()))
    except yaml_reader.DocumentError:
        return None
