"""Mail-authentication policy as code: SPF, DKIM and DMARC from YAML, applied through octoDNS.

docs/reference/library.md shows how the names here work together. Each is imported when it is
first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailauth_dns.compile.compile_repo import compile_repo
    from mailauth_dns.compile.publication import Publication
    from mailauth_dns.deploy.apply import ApplyRequest, ApplyResult, apply
    from mailauth_dns.deploy.make_plan import make_plan
    from mailauth_dns.deploy.plan_request import PlanRequest
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
    from mailauth_dns.lint_policies import LintResult, lint_repo
    from mailauth_dns.live.resolver import LiveResolver
    from mailauth_dns.plan.permissions import Allowance, allowance
    from mailauth_dns.plan.plan import Plan
    from mailauth_dns.policy.load import load_repo
    from mailauth_dns.policy.repo import Policy, Repo
    from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, spf, tls_rpt
    from mailauth_dns.records.name import domain_name

__version__ = "0.1.0"

__all__ = [
    "Allowance",
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
    "allowance",
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
    "tls_rpt",
]

# Each name, and the module that defines it. The record families are modules.
_DEFINED_IN = {
    "Allowance": "plan.permissions",
    "ApplyRequest": "deploy.apply",
    "ApplyResult": "deploy.apply",
    "Finding": "lint.finding",
    "LintResult": "lint_policies",
    "LiveResolver": "live.resolver",
    "MailAuthError": "errors",
    "Message": "evaluate.message",
    "ObservationError": "errors",
    "Plan": "plan.plan",
    "PlanRefused": "errors",
    "PlanRequest": "deploy.plan_request",
    "Policy": "policy.repo",
    "PolicyError": "errors",
    "ProviderError": "errors",
    "Publication": "compile.publication",
    "RecordSyntaxError": "errors",
    "Repo": "policy.repo",
    "Resolver": "evaluate.resolver",
    "Severity": "lint.rule",
    "Verdict": "evaluate.verdict",
    "ZoneResolver": "evaluate.resolver",
    "allowance": "plan.permissions",
    "apply": "deploy.apply",
    "check_host": "evaluate.spf",
    "compile_repo": "compile.compile_repo",
    "domain_name": "records.name",
    "judge": "evaluate.message",
    "lint_repo": "lint_policies",
    "load_repo": "policy.load",
    "make_plan": "deploy.make_plan",
    "providers": "deploy.provider_pool",
}
_RECORD_FAMILIES = ("bimi", "dkim", "dmarc", "mta_sts", "spf", "tls_rpt")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a function, a class or a module
    """Return a public name. It is loaded when it is first asked for, and kept."""
    if name in _RECORD_FAMILIES:
        found: Any = importlib.import_module(f"{__name__}.records.{name}")
    elif name in _DEFINED_IN:
        found = getattr(importlib.import_module(f"{__name__}.{_DEFINED_IN[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
