"""Provider stanzas: `providers/<id>.yaml`, one octoDNS provider each, as octoDNS documents it.

A stanza is reviewed and committed, so it holds no secret. Secrets stand in the environment, and the
stanza names them as `env/NAME`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from mailauth_dns.errors import FileProblem
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

LOCAL = "mailauth_dns.octo.LocalProvider"  # the class whose zones are files of our own

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A key that names a secret; `auth_key_name`, `key_name` and the like name none.
_SECRET = re.compile(
    r"secret|token|passw|pwd|passphrase|private|credential|api[_-]?key|(?:^|[_-])key$"
    r"|(?:consumer|application|access)[_-]?key"
    r"|connection[_-]?string|(?:^|_)(?:sas|pw|auth)$|account_json",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"(?:_name|_id|_file|_path|_algorithm|_env)$", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"-----BEGIN|://[^/@\s]*:[^/@\s]+@")
_ENV = re.compile(r"env/[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Stanza:
    """One provider: octoDNS class by name, and its keyword arguments with secrets as `env/NAME`."""

    id: str
    path: str
    class_name: str
    arguments: Mapping[str, Any]

    @cached_property  # each zone of a plan has it
    def digest(self) -> str:
        """SHA-256 of what the stanza says; environment names count, their values do not."""
        said = json.dumps(_ordered({"class": self.class_name, **self.arguments}), default=str)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def environment(self) -> frozenset[str]:
        """The names of the environment that the stanza refers to."""
        return frozenset(_environment_names(self.arguments))


def names_secret(key: str) -> bool:
    """Tell whether a key, or a name in the environment, is that of a secret."""
    return bool(_SECRET.search(key)) and not _NO_SECRET.search(key)


def read(id: str, path: str, data: bytes) -> Stanza:
    """Return the stanza in a file.

    Raises:
        DocumentError: not a YAML mapping, no `class`, or a literal secret in it.
    """
    root = yaml_reader.read(
        path, data, "a provider opens with `class: octodns_bind.Rfc2136Provider`"
    )
    problems: list[FileProblem] = []
    _refuse_secrets(root, problems)
    if "class" not in root.items:
        problems.append(
            root.place.problem(
                "class",
                "missing; name the octoDNS provider, for example octodns_bind.Rfc2136Provider",
            )
        )
    if problems:
        raise yaml_reader.DocumentError(problems)
    arguments = _typed(root, data)
    class_name = arguments.pop("class")
    if not isinstance(class_name, str) or "." not in class_name:
        place = yaml_tree.value_place(root, ("class",))
        raise yaml_reader.DocumentError(
            [
                place.problem(
                    "class",
                    "name a class with its module, for example octodns_bind.Rfc2136Provider",
                )
            ]
        )
    return Stanza(id, path, class_name, arguments)


def _typed(root: yaml_tree.Mapping, data: bytes) -> dict[str, Any]:
    """Return the file's values, typed by YAML's own rules as in octoDNS: `port: 5453` is a number.

    Raises:
        DocumentError: YAML takes one for a number or a date that cannot be.
    """
    arguments = _loaded(data)
    if arguments is None:
        message = "YAML cannot read this as a number, a date or an object; quote it"
        places = [place for place, text in _scalars(root) if _loaded(text.encode()) is None]
        places = places or [_tag_place(root, data)]
        raise yaml_reader.DocumentError([place.problem("", message) for place in places])
    assert isinstance(arguments, dict)
    return arguments


def _loaded(data: bytes) -> Any:  # noqa: ANN401 - anything YAML holds
    """Return what YAML makes of a text; None if that is nothing, or an impossible number."""
    try:
        found = yaml.load(data, Loader=_Loader)  # noqa: S506 - a safe loader, whichever is there
        # Python writes no number of thousands of digits, and says so here.
        json.dumps(_ordered(found), default=str)
    except (yaml.YAMLError, ValueError, OverflowError, TypeError):
        return None
    return found


def _tag_place(root: yaml_tree.Mapping, data: bytes) -> yaml_tree.Place:
    """Return where YAML meets a tag that it cannot read; the tree holds no tags."""
    try:
        yaml.load(data, Loader=_Loader)  # noqa: S506 - a safe loader, whichever is there
    except yaml.MarkedYAMLError as error:
        if (mark := error.problem_mark) is not None:
            return yaml_tree.Place(root.place.source, mark.line + 1, mark.column + 1)
    except (ValueError, OverflowError, TypeError):
        pass  # one of the values, which has no place of its own
    return root.place


def _scalars(node: yaml_tree.Node) -> Iterator[tuple[yaml_tree.Place, str]]:
    if isinstance(node, yaml_tree.Scalar):
        if node.text is not None:
            yield node.place, node.text
        return
    for below in node.items.values() if isinstance(node, yaml_tree.Mapping) else node.items:
        yield from _scalars(below)


def _ordered(value: Any) -> Any:  # noqa: ANN401 - anything YAML holds
    """Return mappings as lists of pairs, ordered by key; keys in YAML may have several types."""
    if isinstance(value, Mapping):
        return sorted(
            ([repr(key), _ordered(below)] for key, below in value.items()), key=lambda pair: pair[0]
        )
    if isinstance(value, set):
        return sorted(map(repr, value))
    return list(map(_ordered, value)) if isinstance(value, list) else value


def _environment_names(arguments: Mapping[str, Any]) -> Iterator[str]:
    for value in arguments.values():
        if isinstance(value, Mapping):
            yield from _environment_names(value)
        elif isinstance(value, str) and value.startswith("env/"):
            yield value.split("/")[1]


def _refuse_secrets(
    node: yaml_tree.Node, problems: list[FileProblem], key: str = "", secret: bool = False
) -> None:
    """Add a problem for every literal secret: below a key that names one, every value is one."""
    if isinstance(node, yaml_tree.Mapping):
        for name, below in node.items.items():
            _refuse_secrets(below, problems, name, secret or names_secret(name))
    elif isinstance(node, yaml_tree.Sequence):
        for below in node.items:
            _refuse_secrets(below, problems, key, secret)
    elif (
        node.text is not None
        and not _ENV.fullmatch(node.text)
        and (secret or _SECRET_VALUE.search(node.text))
    ):
        # Placed without its line: the line is the secret.
        message = (
            "a secret must not be in git; write env/NAME and set NAME in the environment, then "
            "change the secret"
        )
        problems.append(
            FileProblem(node.place.source.path, node.place.line, node.place.column, key, message)
        )
