"""Whether results of shards, made on several machines, belong together and are all there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mailauth_dns.errors import MailAuthError
from mailauth_dns.spread.shard import MAX_SHARDS, Shard

_MAX_NAMED = 5

# What every kind of shard has in common.
TOOL, COMMIT = "the version of mailauth-dns", "the commit"
FILES, DAY = "the files in zones/ and providers/", "the day in UTC"


@dataclass(frozen=True, slots=True)
class Made:
    """The result of one shard, in the file `name`.

    `same` is what all shards have in common, by what it is in words.
    """

    name: str
    shard: Shard
    same: Mapping[str, object]


def check(made: Sequence[Made], *, command: str) -> None:
    """Check that the shards are all there, once each, and made of the same by a `command`.

    Raises:
        MailAuthError: they cannot be merged; the text names the file, and says what to do.
    """
    first, *others = made
    for each in made:
        if not 1 <= each.shard.number <= each.shard.of <= MAX_SHARDS or not _is_day(each.same[DAY]):
            raise MailAuthError(f"{each.name} is not as it was written; make the shard again")
    for each in others:
        for what, value in first.same.items():
            if each.same[what] != value:
                raise _differs(each, first, what)
        if each.shard.of != first.shard.of:
            raise _differs(each, first, "the number of shards")
    by_number: dict[int, str] = {}
    for each in made:
        there = by_number.setdefault(each.shard.number, each.name)
        if there != each.name:
            raise MailAuthError(f"{each.name} is shard {each.shard}, and so is {there}")
    of = first.shard.of
    if missing := [str(number) for number in range(1, of + 1) if number not in by_number]:
        more = len(missing) - _MAX_NAMED
        named = ", ".join(missing[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise MailAuthError(
            f"of {of} shards, {named} {'is' if len(missing) == 1 else 'are'} missing; "
            f"`{command} --shard {missing[0]}/{of}` makes shard {missing[0]}"
        )


def _is_day(text: object) -> bool:
    try:
        date.fromisoformat(str(text))
    except ValueError:
        return False
    return True


def _differs(made: Made, first: Made, what: str) -> MailAuthError:
    return MailAuthError(
        f"{made.name} does not belong to {first.name}, which differs in {what}; "
        "make all shards from one commit, on one day, with the same options"
    )


def refuse_others(made: Made, *, tool: str, files: str) -> None:
    """Refuse a shard that another version made, or of other files than those here.

    Raises:
        MailAuthError: it is one of the two.
    """
    if made.same[TOOL] != tool:
        raise MailAuthError(
            f"{made.name} was made by mailauth-dns {made.same[TOOL]}, and this is {tool}; "
            "merge with the same version"
        )
    if made.same[FILES] != files:
        raise MailAuthError(
            f"{made.name} was made from other files than those in zones/ and providers/ here; "
            f"check out {made.same[COMMIT] or 'what it was made from'}, or make all shards again"
        )
