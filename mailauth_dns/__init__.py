"""Mail-authentication policy as code: SPF, DKIM and DMARC from YAML, applied through octoDNS.

docs/library.md shows how the names here work together. Each is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailauth_dns.compile.compile_repo import compile_repo
    from mailauth_dns.compile.publication import Publication
    from mailauth_dns.deploy.apply import ApplyRequest, ApplyResult, apply
    from mailauth_dns.deploy.make_plan import PlanRequest, make_plan
    from mailauth_dns.deploy.provider_pool import providers
    from mailauth_dns.errors import (
        MailAuthError,
        ObservationError,
        PlanRefused,
        PolicyError,
        ProviderError,
        RecordSyntaxError,
    )
    from mailauth_dns.evaluate.message import Message, judge
    from mailauth_dns.evaluate.resolver import Resolver, ZoneResolver
    from mailauth_dns.evaluate.spf import check_host
    from mailauth_dns.evaluate.verdict import Verdict
    from mailauth_dns.lint.finding import Finding
    from mailauth_dns.lint.rule import Severity
    from mailauth_dns.lint_run import LintResult, lint_repo
    from mailauth_dns.live.resolver import LiveResolver
    from mailauth_dns.plan.plan import Plan
    from mailauth_dns.policy.load import load_repo
    from mailauth_dns.policy.repo import Policy, Repo
    from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, spf, tlsrpt
    from mailauth_dns.records.name import domain_name

__version__ = "0.1.0"

__all__ = [
    "ApplyRequest",
    "ApplyResult",
    "Finding",
    "LintResult",
    "LiveResolver",
    "MailAuthError",
    "Message",
    "ObservationError",
    "Plan",
    "PlanRefused",
    "PlanRequest",
    "Policy",
    "PolicyError",
    "ProviderError",
    "Publication",
    "RecordSyntaxError",
    "Repo",
    "Resolver",
    "Severity",
    "Verdict",
    "ZoneResolver",
    "apply",
    "bimi",
    "check_host",
    "compile_repo",
    "dkim",
    "dmarc",
    "domain_name",
    "judge",
    "lint_repo",
    "load_repo",
    "make_plan",
    "mta_sts",
    "providers",
    "spf",
    "tlsrpt",
]

# Where a name is defined; modules of records are names themselves.
_DEFINED_IN = {
    "compile.publication": ("Publication",),
    "compile.compile_repo": ("compile_repo",),
    "deploy.apply": ("ApplyRequest", "ApplyResult", "apply"),
    "deploy.make_plan": ("PlanRequest", "make_plan"),
    "deploy.provider_pool": ("providers",),
    "errors": (
        "MailAuthError",
        "ObservationError",
        "PlanRefused",
        "PolicyError",
        "ProviderError",
        "RecordSyntaxError",
    ),
    "evaluate.message": ("Message", "judge"),
    "evaluate.resolver": ("Resolver", "ZoneResolver"),
    "evaluate.spf": ("check_host",),
    "evaluate.verdict": ("Verdict",),
    "lint.finding": ("Finding",),
    "lint.rule": ("Severity",),
    "lint_run": ("LintResult", "lint_repo"),
    "live.resolver": ("LiveResolver",),
    "plan.plan": ("Plan",),
    "policy.load": ("load_repo",),
    "policy.repo": ("Policy", "Repo"),
    "records.name": ("domain_name",),
}
_RECORD_FAMILIES = ("bimi", "dkim", "dmarc", "mta_sts", "spf", "tlsrpt")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a function, a class or a module
    if name in _RECORD_FAMILIES:
        return importlib.import_module(f"{__name__}.records.{name}")
    for module, names in _DEFINED_IN.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
