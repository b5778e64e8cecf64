"""The files with which the CI of a forge checks, plans and applies a zone repo."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from mailauth_dns.deploy import git_commit
from mailauth_dns.policy.provider_stanza import Stanza

REQUIREMENTS = "ci/requirements.txt"
_PACKAGE = "mailauth-dns"
_FORGE_CLIENT = {"forge.py": "ci/forge.py", "forge_api.py": "ci/forge_api.py"}


class Forge(StrEnum):
    """Where a team's repository is, or what applies for it."""

    GITHUB = "github"
    GITLAB = "gitlab"
    ATLANTIS = "atlantis"
    FORGEJO = "forgejo"


# Where the template's files go; the first one is the pipeline.
_FILES: Mapping[Forge, Mapping[str, str]] = {
    Forge.GITHUB: {"github.yml": ".github/workflows/mailauth.yml", **_FORGE_CLIENT},
    Forge.GITLAB: {"gitlab.yml": ".gitlab-ci.yml", **_FORGE_CLIENT},
    Forge.ATLANTIS: {
        "atlantis.yaml": "atlantis.yaml",
        "atlantis-server.yaml": "ci/atlantis-server.yaml",
    },
    Forge.FORGEJO: {"forgejo.yml": ".forgejo/workflows/mailauth.yml", **_FORGE_CLIENT},
}
# The line of a template in whose place the secrets come.
_SECRETS = (
    '        # env: {BIND_KEY_SECRET: "${{ secrets.BIND_KEY_SECRET }}"} '
    "# what providers/ names as env/...\n"
)


def pipeline_files(forge: Forge, stanzas: Iterable[Stanza]) -> dict[str, str]:
    """Return the files by path, made for the providers that are there."""
    stanzas = tuple(stanzas)
    folder = files("mailauth_dns") / "template/ci"
    texts = {
        target: folder.joinpath(source).read_text("utf-8").replace(_SECRETS, _secrets(stanzas))
        for source, target in _FILES[forge].items()
    }
    return texts | {REQUIREMENTS: _requirements(stanzas)}


def pipeline_of(root: Path) -> str | None:
    """Return the file that tells CI to apply this repo; None where nothing does.

    A repo that is pushed nowhere has no CI, whatever its files are.
    """
    for sources in _FILES.values():
        path = next(iter(sources.values()))
        try:
            text = (root / path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if _PACKAGE in text and git_commit.has_remote(root):  # `.gitlab-ci.yml` may be another's
            return path
    return None


def _secrets(stanzas: Iterable[Stanza]) -> str:
    """Return the lines that give a step what the stanzas name in the environment."""
    names = sorted({name for stanza in stanzas for name in stanza.environment})
    if not names:
        return _SECRETS
    lines = [f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in names]
    return "".join(["        env: # what providers/ names as env/...\n", *lines])


def _requirements(stanzas: Iterable[Stanza]) -> str:
    """Return what CI installs beside the secrets: nothing by a name that anybody may take."""
    extras = set(metadata.metadata(_PACKAGE).get_all("Provides-Extra") or ())
    modules = sorted({module for stanza in stanzas for module in _modules(stanza)})
    names = {module: module.removeprefix("octodns_").replace("_", "-") for module in modules}
    ours = ",".join(name for name in names.values() if name in extras)
    others = [_installed(module) for module, name in names.items() if name not in extras]
    return "\n".join(
        [
            "# What CI installs. Your DNS may need an extra: mailauth-dns[bind], [powerdns],",
            "# [route53], [cloudflare], [googlecloud] or [azure]; for others, octoDNS's package.",
            *_from_where(f"{_PACKAGE}[{ours}]" if ours else _PACKAGE),
            *others,
            "",
        ]
    )


def _from_where(requirement: str) -> list[str]:
    """Return the lines that install this package from where it was installed here."""
    found = json.loads(metadata.distribution(_PACKAGE).read_text("direct_url.json") or "{}")
    commit = found.get("vcs_info", {}).get("commit_id")
    # A password is left out.
    if commit and (url := re.fullmatch(r"https://(?:[^/@]*@)?(.+)", found["url"])):
        return [f"{requirement} @ git+https://{url[1]}@{commit}"]
    return [
        "# Write where mailauth-dns comes from, at a commit that you have read, in this form:",
        f"#   {requirement} @ git+https://forge.example/mailauth-dns@COMMIT",
        "# Until then pip refuses the next line. By the name alone it would install whatever",
        "# somebody gave that name at PyPI.",
        f"{requirement} @ WRITE ITS URL AND COMMIT HERE",
    ]


def _installed(module: str) -> str:
    """Return the line for what speaks to a provider, in the version that is installed here."""
    for name in metadata.packages_distributions().get(module, ()):
        return f"{name}=={metadata.version(name)}"
    return f"# {module} is not installed here: write its package and version in place of this line"


def _modules(stanza: Stanza) -> Iterator[str]:
    """Yield `octodns_bind` for octodns_bind.Rfc2136Provider."""
    top, _, rest = stanza.class_name.partition(".")
    if rest and top.startswith("octodns_"):
        yield top
