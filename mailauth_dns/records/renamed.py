"""A value about a zone, of which the same values about other zones are made.

At each place where it has the name of its zone, theirs stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any, Generic, Protocol, TypeVar


class OfZone(Protocol):
    """A dataclass about one zone."""

    @property
    def zone(self) -> str:
        """The name of the zone."""


T = TypeVar("T", bound=OfZone)
P = TypeVar("P")
_Make = Callable[[str], Any]


class First(Generic[T]):
    """A value as it was given, of which those of other zones are made."""

    __slots__ = ("_make", "value")

    def __init__(self, value: T) -> None:
        self.value = value
        self._make: _Make | None = None

    def named(self, zone: str) -> T:
        """Return the same value with another zone's name."""
        if zone == self.value.zone:
            return self.value
        if self._make is None:
            self._make = _maker(self.value, self.value.zone)
            assert self._make is not None, "a value about a zone has its name"
        made: T = self._make(zone)
        return made

    def part(self, part: Callable[[T], P]) -> Callable[[str], P]:
        """Return what makes a part of the value with another zone's name.

        `part` takes it out as it stands: it makes no text of its own.
        """
        taken = part(self.value)
        make: Callable[[str], P] | None = _maker(taken, self.value.zone)
        return make or (lambda _zone: taken)

    def __reduce__(self) -> tuple[Any, ...]:
        return First, (self.value,)


def has_name(value: object, name: str) -> bool:
    """Tell whether a name is anywhere in a value."""
    return _maker(value, name) is not None


def _maker(value: object, name: str) -> _Make | None:
    """Return what makes `value` with another name; None where `name` is nowhere in it."""
    if isinstance(value, str):
        return _of_text(value, name)
    if isinstance(value, tuple | frozenset):
        return _of_parts(tuple(value), name, type(value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = tuple(getattr(value, field.name) for field in fields(value))
        kind: Callable[..., object] = type(value)
        return _of_parts(parts, name, lambda made: kind(*made))
    return None


def _of_text(text: str, name: str) -> _Make | None:
    if text == name:
        return str  # the very name, so that one string serves all places
    if name not in text:
        return None
    parts = text.split(name)
    return lambda other: other.join(parts)


def _of_parts(
    parts: tuple[object, ...], name: str, build: Callable[[Iterable[Any]], Any]
) -> _Make | None:
    makers = [(at, made) for at, part in enumerate(parts) if (made := _maker(part, name))]
    if not makers:
        return None

    def make(other: str) -> object:
        made = list(parts)
        for at, maker in makers:
            made[at] = maker(other)
        return build(made)

    return make
