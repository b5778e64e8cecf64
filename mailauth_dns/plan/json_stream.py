"""JSON read from a file piece by piece, so that a large array never lies in memory whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import JSONDecodeError
from typing import Any, TextIO

_CHUNK = 1 << 16
_SPACE = " \t\r\n"
_AFTER = frozenset(",:]}" + _SPACE)  # what stands behind a value that is whole


class JsonStream:
    """The pieces of one JSON document.

    Its methods raise ValueError where the text is not JSON, or not what they are for.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def is_object(self) -> bool:
        """Tell whether an object begins here."""
        return self._peek() == "{"

    def members(self) -> Iterator[str]:
        """Yield each key of an object; take its value before the next one."""
        self._expect("{")
        if self._took("}"):
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise ValueError("a key is a string")
            self._expect(":")
            yield key
            if not self._took(","):
                break
        self._expect("}")

    def elements(self) -> Iterator[Any]:
        """Yield each element of an array."""
        self._expect("[")
        if self._took("]"):
            return
        while True:
            yield self.value()
            if not self._took(","):
                break
        self._expect("]")

    def value(self) -> Any:  # noqa: ANN401 - anything JSON holds
        """Return the next value, whole."""
        self._peek()
        size = _CHUNK
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError:
                if not self._more(size):
                    raise
            else:
                # A number may go on in what is not read yet, as `1e` does.
                if self._text[end : end + 1] in _AFTER or not self._more(size):
                    self._at = end
                    return found
            size *= 2  # so that a very long value is not scanned again and again

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self._peek():
            raise ValueError("more than one document")

    def _expect(self, mark: str) -> None:
        if not self._took(mark):
            raise ValueError(f"expected {mark}")

    def _took(self, mark: str) -> bool:
        if self._peek() != mark:
            return False
        self._at += 1
        return True

    def _peek(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_CHUNK):
                return ""

    def _more(self, size: int) -> bool:
        """Read on; tell whether there was anything."""
        read = self._file.read(size)
        self._text = self._text[self._at :] + read
        self._at = 0
        return bool(read)
