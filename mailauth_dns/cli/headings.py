"""The headings of options in a command's help. An option without one stands under "Options"."""

from __future__ import annotations

LOOK = "What to look at"
MESSAGE = "The message"
KEY = "The key"
PRIVATE = "Private keys"
HOST = "The mail host"
DNS = "Your DNS"
SERVER = "Where to answer"
PERMIT = "What to permit"
WRITE = "What to write"
EXIT = "Exit code"
PACE = "How to work"
REST = "Options"
EVERYWHERE = "Everywhere"
INSTEAD = "Instead of a command"

# In the order of the help: what goes in stands before what comes out.
ORDER = (
    LOOK,
    MESSAGE,
    KEY,
    PRIVATE,
    HOST,
    DNS,
    SERVER,
    PERMIT,
    WRITE,
    PACE,
    EXIT,
    REST,
    EVERYWHERE,
    INSTEAD,
)
