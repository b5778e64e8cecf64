"""Models refuse values in our own words: each kind of error that the library can raise has some."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from mailauth_dns.policy import spf_lock_file
from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.typed_yaml import model_errors

# The library's names for what is read from text, each with the errors it can end in. Validators of
# our own make numbers, dates, truths and words of a list, before the library would judge them.
RAISES = {
    **{
        "str": {"string_type", "string_unicode"},
        "literal": {"literal_error"},
        "tuple": {"tuple_type"},
        "dict": {"dict_type"},
    },
    **{
        "model": {"model_type"},
        "model-fields": {"model_attributes_type", "missing", "extra_forbidden"},
        "model-field": set(),
    },
    **{
        "int": set(),
        "float": set(),
        "bool": set(),
        "date": set(),
        "datetime": set(),
        "timedelta": set(),
    },
    "enum": set(),
    **{"nullable": set(), "default": set(), "union": set(), "no-info": set(), "with-info": set()},
    **{"function-before": {"mailauth"}, "function-after": {"mailauth"}},
}
OURS = {"int", "float", "bool", "date", "datetime", "timedelta", "enum"}


def kinds(schema: object, checked: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the kind of each part of a model, and whether a validator of ours comes before it."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        if isinstance(kind, str):
            yield kind, checked
        for below in schema.values():
            yield from kinds(
                below,
                kind == "function-before"
                or (checked and kind in ("nullable", "default", "function-after")),
            )
    elif isinstance(schema, list | tuple):
        for below in schema:
            yield from kinds(below, checked)


@pytest.mark.parametrize("model", [PolicyFile, spf_lock_file._File])
def test_every_error_of_a_model_has_words_of_ours(model: type[BaseModel]) -> None:
    found = set(kinds(model.__pydantic_core_schema__))
    assert {kind for kind, _ in found} <= RAISES.keys()
    assert {kind for kind, checked in found if kind in OURS and not checked} == set()
    raised = {error for kind, _ in found for error in RAISES[kind]} - {"mailauth"}
    assert raised <= model_errors._KINDS.keys()
