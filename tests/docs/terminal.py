"""Run a script of the shell on a terminal, and type a line each time that it waits for one.

    python terminal.py SCRIPT FILE     FILE has the lines to type

A program that stands still behind a text without a line's end has asked something.
"""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

STILL = 1.0  # seconds


def main(script: str, lines: list[str]) -> int:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", script])
    last = b"\n"
    while True:
        asked = bool(lines) and not last.endswith(b"\n")
        if not select.select([terminal], [], [], STILL if asked else None)[0]:
            os.write(terminal, f"{lines.pop(0)}\n".encode())
            last = b"\n"
            continue
        try:
            last = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        sys.stdout.buffer.write(last.replace(b"\r\n", b"\n"))
        sys.stdout.buffer.flush()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).read_text().splitlines()))
