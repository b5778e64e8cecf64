"""Name a key's successor in the `tests` of a policy file; every other character stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.policy.yaml_splice import deepest, source, split_mark
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

_Route = tuple[str | int, ...]


def with_signer(
    path: str, text: str, domain: DomainName, old: str, new: str
) -> tuple[str, tuple[str, ...]]:
    """Return the text whose tests name `new` as the signer in place of `old`, and their names.

    A test that names both stays, and so does a signature of another domain than the policy's
    `domain`. `path` is for messages.

    Raises:
        DocumentError: the text is no policy document.
        MailAuthError: the file has a layout that cannot be edited.
    """
    mark, before = split_mark(text)
    wanted = yaml_tree.plain(yaml_reader.read(path, before.encode()))
    tests, missing = deepest(before, ("tests",))
    if missing or not isinstance(tests, yaml.SequenceNode):
        return text, ()
    after, names = before, list[str]()
    for number, test in reversed(list(enumerate(tests.value))):
        signers = [] if not isinstance(test, yaml.MappingNode) else list(_signers(test, before))
        own = [(route, node) for route, node, d in signers if _same(d or domain, domain)]
        if any(_same(source(before, node), new) for _, node in own):
            continue
        for route, node in reversed(own):
            if _same(source(before, node), old):
                quote = node.style if node.style in ("'", '"') else ""
                start, end = node.start_mark.index, node.end_mark.index
                after = f"{after[:start]}{quote}{new}{quote}{after[end:]}"
                wanted = _put(wanted, ("tests", number, *route), new)
                names.insert(0, _value(test, "name", before) or f"test {number + 1}")
    _check(path, after, wanted, old, new)
    return mark + after, tuple(dict.fromkeys(names))


def _signers(
    test: yaml.MappingNode, text: str
) -> Iterator[tuple[_Route, yaml.ScalarNode, str | None]]:
    """Yield where a test names a selector, the name, and the domain where it is given."""
    for key, signatures in test.value:
        if source(text, key) != "dkim" or not isinstance(signatures, yaml.SequenceNode):
            continue
        for number, signature in enumerate(signatures.value):
            if isinstance(signature, yaml.ScalarNode):
                yield ("dkim", number), signature, None
            elif isinstance(signature, yaml.MappingNode):
                domain = _value(signature, "d", text)
                for name, value in signature.value:
                    if source(text, name) == "s" and isinstance(value, yaml.ScalarNode):
                        yield ("dkim", number, "s"), value, domain


def _value(node: yaml.MappingNode, key: str, text: str) -> str | None:
    found = (value for name, value in node.value if source(text, name) == key)
    return next((source(text, value) for value in found), None)


def _same(one: str, other: str) -> bool:
    try:
        return domain_name(one) == domain_name(other)
    except RecordSyntaxError:
        return False


def _put(tree: yaml_tree.Plain, route: _Route, text: str) -> yaml_tree.Plain:
    """Return the tree with this text at a route that is there."""
    if not route:
        return text
    step, *below = route
    if isinstance(tree, dict) and isinstance(step, str):
        return {**tree, step: _put(tree[step], tuple(below), text)}
    assert isinstance(tree, list)
    assert isinstance(step, int)
    return [*tree[:step], _put(tree[step], tuple(below), text), *tree[step + 1 :]]


def _check(path: str, after: str, wanted: yaml_tree.Plain, old: str, new: str) -> None:
    """Refuse a new text that does not say what was meant."""
    try:
        said = yaml_tree.plain(yaml_reader.read(path, after.encode()))
    except yaml_reader.DocumentError:
        said = None
    if said != wanted:
        raise MailAuthError(
            f"{path}: its tests cannot be edited without rewriting them; write {new} in place of "
            f"{old} under tests, at dkim, and run the command again"
        )
