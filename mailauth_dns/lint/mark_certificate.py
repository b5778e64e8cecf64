"""Mark certificates: evidence that a logo is a domain's own (draft-fetch-validation-vmc-wchuang).

Only the certificate of the mark itself is read, the first in the file. Mailbox providers decide
which issuers they accept: their list is not that of web browsers.
"""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from mailauth_dns.lint.svg_tiny_ps import unpacked

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PURPOSE = "1.3.6.1.5.5.7.3.31"  # id-kp-BrandIndicatorforMessageIdentification
_LOGOTYPE = "1.3.6.1.5.5.7.1.12"  # RFC 9399 §4.1
_EMBEDDED = re.compile(rb"data:image/svg\+xml;base64,([A-Za-z0-9+/=\s]+)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark certificate: its names, its days, and its logo where one can be read."""

    names: frozenset[str]
    first_day: date
    last_day: date
    for_marks: bool
    logo: bytes | None


def read(pem: bytes) -> Mark | None:
    """Return the first certificate in a PEM file; None where there is none that can be read."""
    # Imported here: loading OpenSSL costs more than the rest of a run that has no evidence to read.
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            # Later versions of the library will refuse some certificates, and warn of it now.
            warnings.simplefilter("ignore")
            return _read(x509.load_pem_x509_certificate(pem))
    except (
        ValueError,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        return None


def _read(certificate: Certificate) -> Mark:
    from cryptography import x509

    extensions = {
        extension.oid.dotted_string: extension.value for extension in certificate.extensions
    }
    alternative = extensions.get(x509.SubjectAlternativeName.oid.dotted_string)
    usage = extensions.get(x509.ExtendedKeyUsage.oid.dotted_string)
    logotype = extensions.get(_LOGOTYPE)
    return Mark(
        names=frozenset(
            name.lower().rstrip(".")
            for name in (
                alternative.get_values_for_type(x509.DNSName)
                if isinstance(alternative, x509.SubjectAlternativeName)
                else ()
            )
        ),
        first_day=certificate.not_valid_before_utc.date(),
        last_day=certificate.not_valid_after_utc.date(),
        for_marks=isinstance(usage, x509.ExtendedKeyUsage)
        and any(purpose.dotted_string == _PURPOSE for purpose in usage),
        logo=_embedded(logotype.value)
        if isinstance(logotype, x509.UnrecognizedExtension)
        else None,
    )


def _embedded(der: bytes) -> bytes | None:
    # The drawing stands in the extension as a data: URL, whatever else is around it.
    found = _EMBEDDED.search(der)
    try:
        return unpacked(base64.b64decode(found[1], validate=False)) if found is not None else None
    except binascii.Error:
        return None


def faults(
    mark: Mark, domain: str, selector: str, today: date, logo: bytes | None
) -> Iterator[str]:
    """Yield why the certificate does not prove that the logo is the domain's.

    `logo` is None where it could not be fetched.
    """
    if not mark.for_marks:
        yield "it is not made for marks"
    if today > mark.last_day:
        yield f"it expired on {mark.last_day}"
    elif today < mark.first_day:
        yield f"it is valid from {mark.first_day} on"
    if not any(_covers(name, domain, selector) for name in mark.names):
        yield f"it is for {', '.join(sorted(mark.names)) or 'no domain'}"
    if mark.logo is not None and logo is not None and mark.logo != unpacked(logo):
        yield "the logo in it is another one"


def _covers(name: str, domain: str, selector: str) -> bool:
    # A certificate for the organizational domain counts below it; receivers find which that is.
    return name == f"{selector}._bimi.{domain}" or domain == name or domain.endswith(f".{name}")
