"""The files with which the CI of a forge checks, plans and applies a zone repo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from mailauth_dns import __version__
from mailauth_dns.deploy import git_commit
from mailauth_dns.policy.provider_stanza import Stanza

REQUIREMENTS = "ci/requirements.txt"
_PACKAGE = "mailauth-dns"
_FORGE_CLIENT = {"forge.py": "ci/forge.py"}


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
    """Return what CI installs: this version, and what speaks to the providers."""
    extras = set(metadata.metadata(_PACKAGE).get_all("Provides-Extra") or ())
    modules = {module for stanza in stanzas for module in _modules(stanza)}
    ours = sorted(module for module in modules if module in extras)
    others = sorted(f"octodns-{module}" for module in modules if module not in extras)
    chosen = f"[{','.join(ours)}]" if ours else ""
    return "\n".join(
        [
            "# What CI installs. Your DNS may need an extra: mailauth-dns[bind], [powerdns],",
            "# [route53], [cloudflare], [googlecloud] or [azure]; for others, octoDNS's package.",
            "# Where mailauth-dns is on no index: mailauth-dns[bind] @ git+https://...@COMMIT",
            f"{_PACKAGE}{chosen}=={__version__}",
            *others,
            "",
        ]
    )


def _modules(stanza: Stanza) -> Iterator[str]:
    """Yield `bind` for octodns_bind.Rfc2136Provider: the package is named after the module."""
    top, _, rest = stanza.class_name.partition(".")
    if rest and top.startswith("octodns_"):
        yield top.removeprefix("octodns_").replace("_", "-")
