"""Exports as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.text import Text

from mailauth_dns.export.installed import ExportDifference
from mailauth_dns.export.mail_host import MailHost
from mailauth_dns.render.terminal_text import count, shown
from mailauth_dns.signing_host import opendkim_conf
from mailauth_dns.signing_host.package_paths import PackageLayout


def differences(found: Sequence[ExportDifference]) -> Iterator[Text]:
    """Yield how installed files differ from an export."""
    for each in found:
        style = {"+": "green", "-": "red"}.get(each.sign, "yellow")
        yield Text.assemble(f"{each.path}: ", (f"{each.sign} {shown(each.statement)}", style))
    yield Text(f"Export: {count(len(found), 'difference')}", style="bold")


def after_export(
    folder: Path,
    files: Iterable[str],
    host: MailHost,
    layout: PackageLayout | None,
) -> str:
    """Return how to put OpenDKIM's files in place."""
    confs = [name for name in files if name in opendkim_conf.CONFS.values()]
    main = " and ".join(f"{folder / name} as /etc/{name}" for name in confs)
    rest = (
        f", and {', '.join(name for name in files if name not in confs)} in {host.config_dir}"
        if folder != Path(host.config_dir)
        else ""
    )
    relabel = layout.relabel if layout is not None else ""
    return (
        f"install {main}, which OpenDKIM reads, in place of what is there{rest}; {relabel}"
        "then restart OpenDKIM. On the mail host itself, --install in place of --out puts them "
        "where OpenDKIM reads them"
    )
