"""What pydantic found, as problems with a place in the YAML and what to write instead."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mailauth_dns.errors import FileProblem
from mailauth_dns.typed_yaml import yaml_tree
from mailauth_dns.typed_yaml.pasted_records import LONGEST, listed

_KINDS = {
    "tuple_type": "expected a list: [a, b]",
    "dict_type": "expected a mapping: {key: value}",
    "model_type": "expected a mapping: {key: value}",
    "model_attributes_type": "expected a mapping: {key: value}",
    "string_type": "expected a single value here",
    "string_unicode": "it holds half a character (a surrogate); write the whole character",
    "literal_error": "is not known here",
    "missing": "is missing",
    "extra_forbidden": "is not a key here; take it out",
}


def words(detail: ErrorDetails) -> str:
    """Return what is wrong in our own words; the library's words speak of Python types."""
    if detail["type"] == "mailauth":
        return str(detail["ctx"]["message"])
    return _KINDS.get(
        detail["type"], "cannot be read here; `mailauth-dns schema` describes what can stand here"
    )


def problems_of(
    error: ValidationError, root: yaml_tree.Mapping, model: type[BaseModel]
) -> list[FileProblem]:
    """Return the problems of one file; `model` is what `root` was read as."""
    found: dict[tuple[int, int, str], FileProblem] = {}
    for detail in error.errors(include_url=False, include_input=False):
        route = _route(detail["loc"], root)
        kind, context = detail["type"], detail.get("ctx", {})
        key = ".".join(str(step) for step in route)
        place = yaml_tree.value_place(root, route)
        if kind == "extra_forbidden":
            place = yaml_tree.locate(root, route)
            message = _unknown_key(str(route[-1]), _fields_at(model, route[:-1]))
        elif kind == "missing":
            name = str(detail["loc"][-1])
            message = f"{name} is missing; {_fields_at(model, route)[name].description or 'add it'}"
        elif kind == "mailauth":
            message = words(detail)
            # Pydantic's mark: the key is at fault, not its value.
            if detail["loc"][-1:] == ("[key]",):
                place = yaml_tree.locate(root, route)
            else:
                place = _inside(place, root, route, context["start"], context["end"])
        else:
            message = _list_of(root, route) if kind == "tuple_type" else words(detail)
            if kind == "literal_error" and "absent" in context.get("expected", ""):
                continue  # the other arm of `section or absent` says what is wrong
        found.setdefault((place.line, place.column, message), place.problem(key, message))
    return list(found.values())


def _list_of(root: yaml_tree.Mapping, route: tuple[str | int, ...]) -> str:
    """Return the message for a single value where a list belongs, with the list that was meant."""
    node = yaml_tree.follow(root, route)[0]
    text = node.text if isinstance(node, yaml_tree.Scalar) else None
    if not text or len(text) > LONGEST or yaml_tree.may_be_key(text):
        return _KINDS["tuple_type"]
    words = re.split(r"[ ,]+", text.strip(" ,"))
    if route[-1:] == ("flatten",):
        # People name an include as `terms` has it; `flatten` takes its name alone.
        words = [re.sub(r"^[+?~-]?include:", "", word, flags=re.IGNORECASE) for word in words]
    return f"expected a list; write {listed(words)}"


def _route(location: tuple[int | str, ...], root: yaml_tree.Mapping) -> tuple[str | int, ...]:
    """Return the location without pydantic's own steps: union arms and the mark of a key."""
    route: list[str | int] = []
    node: yaml_tree.Node = root
    for step in location:
        below = yaml_tree.child(node, step)
        if below is not None:
            node = below
            route.append(step)
    return tuple(route)


def _inside(
    place: yaml_tree.Place, root: yaml_tree.Node, route: tuple[str | int, ...], start: int, end: int
) -> yaml_tree.Place:
    """Return the place of characters `start` to `end` of a value.

    If its line does not show the value as it is, return the place of the whole value.
    """
    line = place.source.lines[place.line - 1] if place.line <= len(place.source.lines) else ""
    node, _ = yaml_tree.follow(root, route)
    text = node.text if isinstance(node, yaml_tree.Scalar) else None
    if not text or end <= start:
        return place
    offset = line.find(text, place.column - 1, place.column + place.width)
    if offset < 0:
        return place
    return yaml_tree.Place(place.source, place.line, offset + start + 1, end - start)


# What people call a key, for what the record calls it.
_ALIASES = {
    "policy": "p",
    "subdomain_policy": "sp",
    "subdomains": "sp",
    "nonexistent": "np",
    "percent": "pct",
    "percentage": "pct",
    "report": "rua",
    "reports": "rua",
    "aggregate": "rua",
    "forensic": "ruf",
    "failure": "ruf",
    "include": "terms",
    "includes": "terms",
    "mechanisms": "terms",
    "ip4": "terms",
    "ip6": "terms",
    "a": "terms",
    "mx": "terms",
    "qualifier": "all",
    "default": "all",
    "public_key": "p",
    "file": "key",
    "maxage": "max_age",
    "logo": "l",
    "expires": "until",
}


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    return f"{key!r} is not a key here{_instead(key, known)}"


def _instead(key: str, known: Mapping[str, Any]) -> str:
    if key.endswith(":") or "::" in key:
        return "; a value that ends in a colon must be quoted"
    folded = key.lower().replace("-", "_")
    close = [
        name
        for name in (folded, folded.replace("_", ""), _ALIASES.get(folded, ""))
        if name in known
    ]
    if close:
        return f"; did you mean {close[0]}?" + (
            " keys are written in lower case" if close[0] == key.lower() else ""
        )
    for meant in (folded, _ALIASES.get(folded, "")):
        for section, field in known.items():
            below = _model_in(field.annotation) if not _only_many(field.annotation) else None
            if below is not None and meant in _keys(below):
                return f"; did you mean {section}: {{{meant}: ...}}?"
    if near := difflib.get_close_matches(folded, known, n=1):
        return f"; did you mean {near[0]}?"
    return f"; keys here: {', '.join(known)}"


def _fields_at(model: type[BaseModel], route: tuple[str | int, ...]) -> Mapping[str, Any]:
    """Return the fields that may stand at `route`, found by walking the models' annotations."""
    here: type[BaseModel] | None = model
    skip = False
    for step in route:
        if skip or here is None:
            skip = False
            continue
        field = _keys(here).get(str(step))
        below = _model_in(field.annotation) if field is not None else None
        # For a mapping of names to models (dkim.selectors), or a list of them, the next step is a
        # name or a number.
        skip = field is not None and _holds_many(field.annotation)
        here = below
    return _keys(here) if here is not None else {}


def _keys(model: type[BaseModel]) -> Mapping[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None


def _only_many(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    """Tell whether the models stand in a list, or under names, and are not a part themselves."""
    return typing.get_origin(annotation) in (dict, tuple) or (
        typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated)
        and all(
            map(
                _only_many,
                (arm for arm in typing.get_args(annotation) if _model_in(arm) is not None),
            )
        )
    )


def _holds_many(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, typing.Annotated):
        return any(map(_holds_many, typing.get_args(annotation)))
    return origin in (dict, tuple)
