"""Say who sends in a policy file's text, and take out what the senders say from then on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.yaml_splice import (
    deepest,
    end,
    line_end,
    source,
    split_mark,
    step,
    without_entry,
    without_item,
)
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree
from mailauth_dns.typed_yaml.flow_text import flow_text

Answers = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SenderEdit:
    """What a policy is to say of its senders.

    `senders` are added, by their keys. `comments` go below them. `terms` of `spf.terms` and
    `selectors` of `dkim.selectors` are taken out, as the file spells them. With `overrides`, a list
    of terms stays when it is empty: it replaces one that the policy would inherit.
    """

    senders: Mapping[str, Answers] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    terms: frozenset[str] = frozenset()
    selectors: frozenset[str] = frozenset()
    overrides: bool = False


def with_senders(path: str, text: str, edit: SenderEdit) -> str:
    """Return the text with the senders in it; `path` is for messages.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the file has a layout that cannot be edited.
    """
    mark, before = split_mark(text)
    wanted = _meant(yaml_tree.plain(yaml_reader.read(path, before.encode())), edit)
    after = _without_selectors(_without_terms(before, edit), edit.selectors)
    after = _with_block(after, edit)
    try:
        said = yaml_tree.plain(yaml_reader.read(path, after.encode()))
    except yaml_reader.DocumentError:
        said = None
    if said != wanted:
        told = "; ".join(f"{key}: {flow_text(answers)}" for key, answers in edit.senders.items())
        raise MailAuthError(
            f"{path}: cannot be edited without rewriting it; write the change by hand: "
            f"senders: {told or 'as they are'}"
        )
    return mark + after


def _meant(plain: yaml_tree.Plain, edit: SenderEdit) -> yaml_tree.Plain:
    """Return what the edited file has to say."""
    assert isinstance(plain, dict)
    found = dict(plain)
    spf, dkim, there = (found.get(key) for key in ("spf", "dkim", "senders"))
    terms = spf.get("terms") if isinstance(spf, dict) else None
    if isinstance(spf, dict) and isinstance(terms, list):
        kept = [term for term in terms if term not in edit.terms]
        empty: dict[str, yaml_tree.Plain] = {**spf, "terms": []}
        if kept != terms:
            found["spf"] = empty if edit.overrides and not kept else _with(spf, "terms", kept)
    selectors = dkim.get("selectors") if isinstance(dkim, dict) else None
    if isinstance(dkim, dict) and isinstance(selectors, dict):
        left = {key: each for key, each in selectors.items() if key not in edit.selectors}
        if left != selectors:
            found = _with(found, "dkim", _with(dkim, "selectors", left))
    if edit.senders:
        listed = {key: _answers(answers) for key, answers in edit.senders.items()}
        found["senders"] = {**(there if isinstance(there, dict) else {}), **listed}
    return found


def _with(
    section: dict[str, yaml_tree.Plain], key: str, value: yaml_tree.Plain
) -> dict[str, yaml_tree.Plain]:
    """Return a section with a value, or without its key where nothing is left of it."""
    if value:
        return {**section, key: value}
    return {name: below for name, below in section.items() if name != key}


def _answers(answers: Answers) -> dict[str, yaml_tree.Plain]:
    return {key: each if isinstance(each, str) else list(each) for key, each in answers.items()}


def _without_terms(text: str, edit: SenderEdit) -> str:
    node, missing = deepest(text, ("spf", "terms"))
    if missing or not isinstance(node, yaml.SequenceNode):
        return text
    drop = [at for at, item in enumerate(node.value) if source(text, item) in edit.terms]
    if len(drop) == len(node.value) and drop:
        if edit.overrides:
            return _with_empty_list(text, node)
        return _without_key(text, ("spf", "terms"))
    for number in reversed(drop):
        node, _ = deepest(text, ("spf", "terms"))
        assert isinstance(node, yaml.SequenceNode)
        text = without_item(text, node, number)
    return text


def _with_empty_list(text: str, node: yaml.SequenceNode) -> str:
    """Return the text with an empty list in a list's place, behind its key's colon."""
    colon = text.rfind(":", 0, node.start_mark.index)
    return f"{text[: colon + 1]} []{text[end(node) :]}"


def _without_selectors(text: str, selectors: frozenset[str]) -> str:
    for selector in sorted(selectors):
        route: tuple[str, ...] = ("dkim", "selectors", selector)
        _, missing = deepest(text, route)
        while not missing and len(route) > 1:
            above, _ = deepest(text, route[:-1])
            if isinstance(above, yaml.MappingNode) and len(above.value) > 1:
                break
            route = route[:-1]
        if not missing:
            text = _without_key(text, route)
    return text


def _without_key(text: str, route: tuple[str, ...]) -> str:
    above, _ = deepest(text, route[:-1])
    if not isinstance(above, yaml.MappingNode):
        return text
    entry = next((each for each in above.value if source(text, each[0]) == route[-1]), None)
    return without_entry(text, above, entry) if entry is not None else text


def _with_block(text: str, edit: SenderEdit) -> str:
    """Return the text with the senders in their section, which is made where it is not there."""
    if not edit.senders and not edit.comments:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    node, missing = deepest(text, ("senders",))
    lines = [f"{key}: {flow_text(answers)}" for key, answers in edit.senders.items()]
    if not missing and isinstance(node, yaml.MappingNode) and node.flow_style:
        joined = ", ".join(lines)
        at = end(node.value[-1][1]) if node.value else node.start_mark.index + 1
        return text[:at] + (", " if node.value else "") + joined + text[at:]
    lines += [f"# {comment}" for comment in edit.comments]
    if not missing and isinstance(node, yaml.MappingNode):
        indent, at = " " * node.start_mark.column, line_end(text, end(node.value[-1][1]))
    else:
        root, _ = deepest(text, ())
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            return text
        indent, at = " " * step(text), _place(text, root)
        head = "senders:" if edit.senders else "# senders:"
        lines = [head, *(f"{indent}{line}" for line in lines)]
        indent = ""
    opening = newline if at and text[at - 1] != "\n" else ""
    return text[:at] + opening + "".join(f"{indent}{line}{newline}" for line in lines) + text[at:]


def _place(text: str, root: yaml.MappingNode) -> int:
    """Return where a new section of senders goes: before the mail sections, or at the end."""
    for key, _ in root.value:
        if source(text, key) in ("spf", "dkim"):
            return text.rfind("\n", 0, key.start_mark.index) + 1
    return line_end(text, end(root.value[-1][1]))
