"""Mail-authentication policy as code: SPF, DKIM and DMARC from YAML, planned and applied through octoDNS."""

from mailauth_dns.compile.publication import Publication
from mailauth_dns.compile.repo import compile_repo
from mailauth_dns.errors import (
    MailAuthError,
    ObservationError,
    PlanRefused,
    PolicyError,
    ProviderError,
    RecordSyntaxError,
)
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo

__version__ = "0.1.0"

__all__ = [
    "MailAuthError",
    "ObservationError",
    "PlanRefused",
    "PolicyError",
    "ProviderError",
    "Publication",
    "RecordSyntaxError",
    "Repo",
    "compile_repo",
    "load_repo",
]
