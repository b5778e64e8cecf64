"""Lines of master files are read alike, whichever way is quick enough for them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from mailauth_dns.masterfile.lexer import MasterFileError, lines

WORDS = st.sampled_from(
    ["a", "SOA", "soap", "TYPE6", "type65", '"', '"x y"', "\\;", "\\", "\xa0", "\x0b", "\x85", "é"]
)
GAPS = st.sampled_from(["", " ", "\t", "\r", "  "])


def read(text: str) -> list[tuple[int, bool, list[str]]] | str:
    try:
        return [(line.starts[0], line.indented, line.tokens) for line in lines("", text)]
    except MasterFileError as error:
        return str(error)


@given(st.lists(st.tuples(GAPS, WORDS), max_size=6), GAPS)
@example([("", "\r")], "")
@example([("", "a"), ("", '"b"'), ("", "c")], "")
def test_a_comment_changes_no_token(pieces: list[tuple[str, str]], gap: str) -> None:
    """A line with a comment is read character by character, and a plain one by its words."""
    line = "".join(map("".join, pieces)) + gap
    if line.endswith("\\"):
        return  # it would take the comment's mark to itself
    assert read(line + "\n") == read(line + ";\n")
