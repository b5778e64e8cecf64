"""A provider object made from its stanza, as often as a fresh one is needed.

Errors name the stanza's keys. Python's own errors speak of code that the user did not write.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mailauth_dns.atomic_files import own_folder
from mailauth_dns.errors import ProviderError, ProviderSilent
from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.octo.ovh import OwnKinds
from mailauth_dns.octo.provider_errors import told
from mailauth_dns.octo.provider_kinds import Remembering
from mailauth_dns.octo.rewriting_classes import WHOLE_ZONE
from mailauth_dns.policy.provider_stanza import Stanza, names_secret
from mailauth_dns.policy.secret_redaction import SHORTEST_SECRET, Redactor, secrets_of

# Classes of octoDNS in whose place ours stand: their modules and names here. They load octoDNS's.
_OURS = {
    ("octodns_azure", "AzureProvider"): ("azure", "Azure"),
    ("octodns_bind", "Rfc2136Provider"): ("bind", "Bind"),
    ("octodns_bind", "BindProvider"): ("bind", "Bind"),
    ("octodns_cloudflare", "CloudflareProvider"): ("cloudflare", "Cloudflare"),
    ("octodns_desec", "DesecProvider"): ("desec", "DeSec"),
    ("octodns_googlecloud", "GoogleCloudProvider"): ("googlecloud", "GoogleCloud"),
    ("octodns_hetzner", "HetznerProvider"): ("hetzner", "Hetzner"),
    ("octodns_powerdns", "PowerDnsProvider"): ("powerdns", "PowerDns"),
    ("octodns_route53", "Route53Provider"): ("route53", "Route53"),
}


class Unreachable(ProviderSilent):
    """The provider object could not be made: its host has no address, or its login fails.

    Its zones fail; those of other providers do not.
    """


class Maker:
    """Makes provider objects from one stanza. Its class was loaded and its secrets were found."""

    def __init__(self, stanza: Stanza, root: Path) -> None:
        """Look at a stanza without making anything.

        Raises:
            ProviderError: its class is not there, or a secret is not set.
        """
        self._stanza = stanza
        self._kind: type = provider_class(stanza)
        self._arguments = _resolved(stanza, stanza.arguments, secret=False)
        self.redactor = Redactor(secrets_of([stanza]))
        self._within: Path | None = None  # where a local provider's files must lie, links followed
        if issubclass(self._kind, LocalProvider) and isinstance(
            directory := stanza.arguments.get("directory"), str
        ):
            self._arguments["directory"] = str(local_folder(stanza, root))
            self._within = None if Path(directory).is_absolute() else root

    def make(self) -> Any:
        """Return a provider object that has read nothing yet.

        Raises:
            Unreachable: it cannot be made now.
            ProviderError: its class refuses what the stanza says.
        """
        stanza = self._stanza
        try:
            made = self._kind(stanza.id, **self._arguments)
        except (TypeError, ValueError) as error:
            raise ProviderError(
                f"{stanza.path}: "
                f"{self.redactor.line(_refused(stanza, self._kind, self._arguments, error))}"
            ) from None
        except ProviderError as error:
            raise ProviderError(f"{stanza.path}: {error}") from None
        # SystemExit too: a provider must not end the program.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - constructors share no error type
            raise Unreachable(
                f"{stanza.path}: {stanza.class_name}: {self.redactor.line(told(error))}"
            ) from None
        if self._within is not None:
            made.within = self._within
        return made


def _refused(stanza: Stanza, kind: type, arguments: Mapping[str, Any], error: Exception) -> str:
    """Return in words why a constructor refuses the stanza.

    Name the keys that are wrong, or the one whose value the error quotes.
    """
    if isinstance(error, TypeError) and (problems := list(_wrong_keys(stanza, kind))):
        return "; ".join(problems)
    for key, value in arguments.items():
        if (
            isinstance(value, str | int | float)
            and not isinstance(value, bool)
            and repr(value) in str(error)
        ):
            if re.search("invalid literal|could not convert", str(error)):
                return f"{key}: {value!r} is not a number"
            return f"{key}: {stanza.class_name} does not take {value!r}: {told(error)}"
    keys = ", ".join(map(str, arguments))
    return f"{stanza.class_name} does not take what its keys say ({keys}): {told(error)}"


def _wrong_keys(stanza: Stanza, kind: type) -> Iterator[str]:
    """Yield in words the keys that a class does not know, and those that the stanza lacks."""
    required, known, open_ended = _keys(kind)
    for key in stanza.arguments:
        if key not in known and not (open_ended and key != "id"):
            near = difflib.get_close_matches(str(key), sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}"
            yield f"{key}: {stanza.class_name} has no such key; {hint}"
    for key in required:
        if key not in stanza.arguments:
            value = (
                "env/NAME, with the value in NAME of the environment"
                if names_secret(key)
                else "..."
            )
            yield f"{key}: missing; {stanza.class_name} needs it: write {key}: {value}"


def _keys(kind: type) -> tuple[list[str], set[str], bool]:
    """Return the keys that a class needs, all that it shows, and whether it may take others."""
    required: list[str] = []
    known: set[str] = set()
    for base in kind.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        try:
            parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        except (TypeError, ValueError):
            return required, known, True
        named = [
            each
            for each in parameters
            if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and each.name != "id"
        ]
        required += [
            each.name for each in named if each.default is each.empty and each.name not in known
        ]
        known |= {each.name for each in named}
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            return required, known, False
    return required, known, True


def _resolved(stanza: Stanza, arguments: Mapping[str, Any], secret: bool) -> dict[str, Any]:
    """Return the arguments with `env/NAME` and `env/NAME/default` replaced, as octoDNS does.

    Everything below a secret key counts as secret too.
    """
    resolved: dict[str, Any] = {}
    for key, value in arguments.items():
        named = secret or names_secret(str(key))
        if isinstance(value, dict):
            resolved[key] = _resolved(stanza, value, named)
        elif isinstance(value, str) and value.startswith("env/"):
            resolved[key] = _from_environment(stanza, key, value, named)
        else:
            resolved[key] = value
    return resolved


def _from_environment(stanza: Stanza, key: str, reference: str, secret: bool) -> str | int | float:
    _, name, *default = reference.split("/", 2)
    text = os.environ.get(name, default[0] if default else None)
    if text is None:
        raise ProviderError(
            f"{stanza.path}: {key}: {name} is not in the environment; "
            f"set it, for example: export {name}=..."
        )
    text = text.rstrip(
        "\r\n"
    )  # of the file that it was read from; no header and no key can hold it
    if secret and len(text.strip()) < SHORTEST_SECRET:
        what = (
            f"has fewer than {SHORTEST_SECRET} characters, too few to be kept out of messages"
            if text.strip()
            else "is empty"
        )
        raise ProviderError(f"{stanza.path}: {key}: {name} {what}; set it to the whole secret")
    if secret:
        return text  # octoDNS makes numbers of digits, but 0042 as a secret is not 42
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _install(package: str) -> str:
    """Return the command that brings a package to where this program is installed.

    pipx and uv give it an environment of its own, which a plain `pip install` would miss.
    """
    here = Path(sys.prefix)
    if (here / "pipx_metadata.json").exists():
        return f"pipx inject {here.name} {package}"
    if (here / "uv-receipt.toml").exists():
        return f"uv tool install --with {package} {here.name} (or its URL or wheel)"
    return f"pip install {package}"


def provider_class(stanza: Stanza) -> Any:
    """Return the provider class; ours where there is one, which reads a zone as it is."""
    module_name, _, class_name = stanza.class_name.rpartition(".")
    if stanza.class_name in WHOLE_ZONE:
        raise ProviderError(
            f"{stanza.path}: class: {stanza.class_name} writes the whole zone anew from what "
            "octoDNS knows of it, and would delete what it does not know: it is not used here. "
            "Leave `providers` out of the policy, and enter what `export --format paste` shows"
        )
    try:
        kind = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        top = module_name.split(".")[0]
        # Of other names nobody knows whose package it would be.
        hint = f"; {_install(top.replace('_', '-'))}" if top.startswith("octodns_") else ""
        raise ProviderError(
            f"{stanza.path}: class: {stanza.class_name} cannot be imported ({error}){hint}"
        ) from None
    except AttributeError:
        raise ProviderError(
            f"{stanza.path}: class: the module {module_name} has no {class_name}"
        ) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs a stranger's code
        raise ProviderError(
            f"{stanza.path}: class: importing {module_name} failed: {told(error)}"
        ) from None
    if not (isinstance(kind, type) and hasattr(kind, "plan") and hasattr(kind, "apply")):
        raise ProviderError(f"{stanza.path}: class: {stanza.class_name} is not an octoDNS provider")
    if (ours := _OURS.get((module_name, class_name))) is not None:
        return getattr(importlib.import_module(f"mailauth_dns.octo.{ours[0]}"), ours[1])
    if issubclass(kind, LocalProvider):
        return kind
    before = (OwnKinds,) if stanza.class_name == "octodns_ovh.OvhProvider" else ()
    return type(kind.__name__, (Remembering, *before, kind), {})


def local_folder(stanza: Stanza, root: Path) -> Path:
    """Return the directory of a `local` provider. A relative one lies in the repo.

    Raises:
        ProviderError: it is relative and leads out of the repo, as a hidden link could.
    """
    directory = Path(stanza.arguments["directory"])
    if directory.is_absolute():
        return directory
    try:
        return own_folder(root, directory)
    except OSError:
        raise ProviderError(
            f"{stanza.path}: directory: {directory} leads out of the repo; "
            "write where it is, as an absolute path"
        ) from None


def local_directory(stanza: Stanza, root: Path) -> Path:
    """Return the directory of a `local` provider's zone files.

    Raises:
        ProviderError: the stanza is another kind of provider.
    """
    directory = stanza.arguments.get("directory")
    if not issubclass(provider_class(stanza), LocalProvider) or not isinstance(directory, str):
        raise ProviderError(
            f"{stanza.path}: "
            "only a local provider (mailauth_dns.octo.LocalProvider) has files to serve"
        )
    return local_folder(stanza, root)
