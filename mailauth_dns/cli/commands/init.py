"""The init command: a new zone repo, and the CI files of one."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from mailauth_dns.atomic_files import own_folder, replace_file
from mailauth_dns.cli import headings, what_next
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, Format, Session, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export.pipeline import Forge, pipeline_files
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.model import json_schema
from mailauth_dns.policy.repo_layout import POLICY_DIR, PROVIDER_DIR
from mailauth_dns.render import json_data

# Where a file of the package's template goes.
_EXAMPLE = {
    "zones/policy/_defaults.yaml": "zones/policy/_defaults.yaml",
    "zones/policy/example.com.yaml": "zones/policy/example.com.yaml",
    "providers/local.yaml": "providers/local.yaml",
    "served/example.com.zone": "served/example.com.zone",
    "served/gitignore": "served/.gitignore",
}
_NO_EXAMPLE = {"defaults-without-example.yaml": "zones/policy/_defaults.yaml"}
_ALWAYS = {
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "gitignore": ".gitignore",
}
_SCHEMA = "zones/policy.schema.json"


def command(
    context: typer.Context,
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="[DIR]", show_default=False, help="where to make it; default: this folder"
        ),
    ] = Path(),
    no_example: Annotated[
        bool,
        typer.Option(
            "--no-example",
            help="leave the example out: your own policies come next",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    ci: Annotated[
        Forge | None,
        typer.Option(
            "--ci",
            metavar="FORGE",
            help="whose CI plans and applies: github (the default of a new repo), gitlab, "
            "atlantis or forgejo; in a repo that is there, only its CI files are written",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Make a new zone repo.

    It holds an example that works at once, a CI pipeline and a pre-commit hook: for a team, or for
    many domains. For one domain and its mail server, begin with `quickstart`.
    """
    session = session_of(context)
    root = session.path(directory)
    if ci is not None and (root / POLICY_DIR).is_dir():
        texts = pipeline_files(ci, load_repo(root, may_be_empty=True).stanzas.values())
        # Files that nobody touched since the repo had no provider are made for its providers.
        _report(session, texts, _written(root, texts, pipeline_files(ci, ())), format)
        what_next.after_pipeline(session, root)
        return DONE
    for taken in (POLICY_DIR.parts[0], PROVIDER_DIR.name):
        if (root / taken).exists():
            raise MailAuthError(
                f"{root / taken} is there already; nothing was written "
                "(--ci FORGE adds CI files to a zone repo)"
            )
    texts = _texts((_NO_EXAMPLE if no_example else _EXAMPLE) | _ALWAYS)
    texts |= pipeline_files(ci or Forge.GITHUB, ())
    _report(session, texts, _written(root, texts), format)
    if not no_example:
        session.say("`mailauth-dns serve` answers DNS for the example, in a second terminal")
    what_next.after_init(session, root, example=not no_example)
    return DONE


def _written(
    root: Path, texts: Mapping[str, str], untouched: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Write the files that are not there yet, or are `untouched`; return which these were."""
    # All folders are checked before anything is written.
    folders = {target: own_folder(root, Path(target).parent) for target in texts}
    return [
        target
        for target, text in texts.items()
        if _is_new(folders[target], target, text)
        or _is_remade(root / target, untouched.get(target), text)
    ]


def _is_remade(path: Path, untouched: str | None, text: str) -> bool:
    """Write a file anew where it is as `init` wrote it, and would be another now."""
    if text == untouched or path.read_bytes() != (untouched or "").encode():
        return False
    replace_file(path, text.encode(), durable=False)
    return True


def _report(
    session: Session, texts: Mapping[str, str], written: Collection[str], format: Format
) -> None:
    if format is Format.JSON:
        left = [target for target in texts if target not in written]
        session.json({"format": json_data.FORMAT, "written": list(written), "left": left})
        return
    for target in texts:
        if target in written:
            session.line(f"written: {target}")
        else:
            session.say(f"left as it is: {target}")


def _texts(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file of a new repo; `wanted` says where the template's go."""
    template = files("mailauth_dns") / "template"
    texts = {
        target: template.joinpath(source).read_text("utf-8") for source, target in wanted.items()
    }
    return texts | {_SCHEMA: json.dumps(json_schema(), indent=1, ensure_ascii=True) + "\n"}


def _is_new(folder: Path, target: str, text: str) -> bool:
    """Write a file, unless there is one of that name."""
    path = folder / Path(target).name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
