"""Names of senders on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import completions
from mailauth_dns.errors import MailAuthError
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.use import OWN_HOST

SenderName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        autocompletion=completions.senders,
        help="the sender's id, as `mailauth-dns senders` lists it, or its name",
    ),
]


def named(catalogue: Catalogue, name: str) -> tuple[str, Entry]:
    """Return the sender of that id, or of that name, with its id.

    Raises:
        MailAuthError: the catalogue has none, or several.
    """
    if (entry := catalogue.get(name.lower())) is not None:
        return name.lower(), entry
    if name.lower() == OWN_HOST:
        raise MailAuthError(
            f"{OWN_HOST} is no vendor: it stands for hosts of your own, which a policy declares as "
            f"`{OWN_HOST}: {{ip: [192.0.2.10], dkim: [SELECTOR]}}`"
        )
    spelled = [(sender, entry) for sender, entry in catalogue.all() if _is(entry, name)]
    if len(spelled) == 1:
        return spelled[0]
    close = catalogue.close_to(name) or tuple(
        sender for sender, entry in catalogue.all() if name.lower() in entry.name.lower()
    )
    meant = f" (did you mean {' or '.join(close[:3])}?)" if name and close else ""
    raise MailAuthError(
        f"there is no sender {name!r}{meant}; `mailauth-dns senders` lists them, and a file in "
        "zones/senders adds one"
    )


def _is(entry: Entry, name: str) -> bool:
    return name.lower() in (entry.name.lower(), *entry.called)
