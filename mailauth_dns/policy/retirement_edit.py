"""Say in a policy file's text from which day a sender sends no more."""

from __future__ import annotations

import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.yaml_splice import Tree, deepest, inserted, split_mark
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

_KEY = "retired"


def with_retired(path: str, text: str, sender: str, day: str) -> str:
    """Return the text with a sender's `retired`; `path` is for messages.

    A sender that the file inherits is named in it, so that its other keys are still inherited.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the sender is retired there already, or the file cannot be edited.
    """
    mark, text = split_mark(text)
    before = yaml_tree.plain(yaml_reader.read(path, text.encode()))
    node, missing = deepest(text, ("senders", sender, _KEY))
    if not missing:
        raise MailAuthError(f"{path}: senders.{sender} has `retired` already")
    wanted = _meant(before, sender, day)
    value: Tree | str = day
    for step in reversed(missing[1:]):
        value = {step: value}
    if isinstance(node, yaml.MappingNode) and wanted is not None:
        after = inserted(text, node, missing[0], value)
        if _said(path, after) == wanted:
            return mark + after
    raise MailAuthError(
        f"{path}: cannot be edited without rewriting it; write the change by hand: "
        f"`retired: {day}` below senders.{sender}"
    )


def _meant(before: yaml_tree.Plain, sender: str, day: str) -> yaml_tree.Plain | None:
    """Return what the edited file has to say; None where what is there is no mapping."""
    assert isinstance(before, dict)
    senders = before.get("senders", {})
    said = senders.get(sender, {}) if isinstance(senders, dict) else None
    if not isinstance(senders, dict) or not isinstance(said, dict):
        return None
    return {**before, "senders": {**senders, sender: {**said, _KEY: day}}}


def _said(path: str, text: str) -> yaml_tree.Plain | None:
    try:
        return yaml_tree.plain(yaml_reader.read(path, text.encode()))
    except yaml_reader.DocumentError:
        return None
