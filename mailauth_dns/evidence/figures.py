"""Numbers as people read them: things by their number, and shares in percent."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """Return a number of things, such as `1 message`.

    >>> count(2, "day")
    '2 days'
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def reaches(good: int, total: int, bound: float) -> bool:
    """Tell whether `good` of `total` are at least `bound` percent."""
    return good * 100 >= bound * total


def share(good: int, total: int) -> str:
    """Return a share such as `97.1`, rounded down: it never reads as more than it is.

    >>> share(9999, 10000)
    '99.9'
    """
    tenths = good * 1000 // total if total else 0
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)


def share_up(part: int, total: int) -> str:
    """Return a share of what there should be little of: it never reads as less than it is.

    >>> share_up(104, 10000)
    '1.1'
    """
    return share(-(-part * 1000 // total) if total else 0, 1000)
