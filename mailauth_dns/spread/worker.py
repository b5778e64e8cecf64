"""A worker: does the parts that the process which started it sends, until that one has ended.

`python -m mailauth_dns.spread.worker` is started by spread/processes.py, and is of no use by hand.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from mailauth_dns.errors import MailAuthError
from mailauth_dns.spread import messages


def serve(requests: int, replies: int) -> None:
    """Do each part that comes from one descriptor, and send what becomes of it to the other.

    A message is a part, or opens new work: then it holds what is done with the parts that follow.
    """
    received: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests, received), daemon=True).start()
    work: Callable[[Any], object] | None = None
    while True:
        reply, work = _done(received.get(), work)
        messages.write(replies, reply)
        gc.collect(1)  # what a part left behind is young; later there would be much of it


def _receive(requests: int, received: SimpleQueue[bytes]) -> None:
    """Pass on what comes, and end this process with the other one, whatever it is doing."""
    with os.fdopen(requests, "rb") as stream:
        while (message := messages.read(stream)) is not None:
            received.put(message)
    os._exit(0)


def _done(
    message: bytes, work: Callable[[Any], object] | None
) -> tuple[bytes, Callable[[Any], object] | None]:
    """Return the reply to a message, and the work for the next one."""
    try:
        new, part = messages.unpickled(message)
        work = messages.unpickled(new) if new is not None else work
        assert work is not None
        return messages.pickled((True, work(messages.unpickled(part)))), work
    except Exception as error:  # noqa: BLE001 - raised again in the process that sent the part
        return _raised(error), work


def _raised(error: Exception) -> bytes:
    """Return an error as a reply; one that is no message for users says where it came from."""
    if not isinstance(error, MailAuthError):
        error.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)))
    try:
        reply = messages.pickled((False, error))
        messages.unpickled(reply)
    except Exception:  # noqa: BLE001 - an object's own way to be pickled may raise anything
        return messages.pickled((False, MailAuthError(f"{type(error).__name__}: {error}")))
    return reply


def main() -> None:
    """Serve the process that has this one's standard input and output."""
    requests, replies = os.dup(0), os.dup(1)
    # What a library prints must not come between the messages.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    # What libraries log is shown by the command's own process, without secrets, to who asks for it.
    logging.getLogger().setLevel(logging.CRITICAL)
    # As in the command itself: the values of a part live as long as it does.
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 100)
    try:
        serve(requests, replies)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)


if __name__ == "__main__":
    main()
