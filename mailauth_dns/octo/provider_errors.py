"""What a provider's class or its client library raised: in words for a user, and what it means.

Most errors come from an answer that the class did not expect: no JSON, half of it, or an error page
of something in between. Python's own words ("'NoneType' object is not iterable") tell a user
nothing, so our text names the answer.
"""

from __future__ import annotations

import json
import re

import dns.exception

_SHOWN = 60  # characters of an answer that tell what it is
_PATIENCE = 30.0  # seconds; the longest wait for a busy provider
_BUSY = frozenset({408, 429, 500, 502, 503, 504})

# Names of errors of client libraries without an answer: botocore's and azure-core's.
_SILENCE = frozenset({"HTTPClientError", "ServiceRequestError", "ServiceResponseError"})
# What they say where the server hung up.
_CLOSED = re.compile(r"\('Connection aborted\.'|Connection was closed before we received a valid")
# Route 53 answers 400 where it is asked too often, and these codes tell it.
_BUSY_CODES = frozenset({"PriorRequestNotComplete", "Throttling", "ThrottlingException"})

# What dnspython says of an answer without the signature that the question had.
_UNSIGNED = re.compile("missing TSIG|requires a TSIG")

# Python's own errors about code, with the names of its functions and types in them.
_OF_CODE = (
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    ArithmeticError,
)
# What requests and urllib3 write where no connection comes about.
_POOL = re.compile(r"HTTPS?ConnectionPool\(host='([^']+)', port=(\d+)\): (.*)", re.DOTALL)
_TLS = re.compile(r"\[SSL[^\]]*\] [^()'\"]*|certificate verify failed[^()'\"]*")
_NO_ADDRESS = re.compile("Failed to resolve|Name or service not known|getaddrinfo")
_NOISE = re.compile(
    r"\w+(?:\.\w+)*\.__init__\(\):? ?|^Value error, |<[\w.]+ object at 0x[0-9a-f]+>:? ?"
)


def told(error: BaseException) -> str:
    """Return what went wrong, in one line or more; secrets may stand in it."""
    if isinstance(error, json.JSONDecodeError):
        return _no_json(error.doc)
    if isinstance(error, SystemExit):
        why = f": {error.code}" if isinstance(error.code, str) else ""
        return f"the provider's class wanted to end the program (sys.exit){why}"
    if (cause := _lost_connection(error)) is not None:
        return told(cause)
    if isinstance(error, KeyError) and error.args:
        return f"the answer lacks {error.args[0]!r}, so it is not the provider's whole answer"
    if isinstance(error, _OF_CODE):
        return (
            "the answer has another form than the provider's class expects "
            f"({type(error).__name__}): is it the provider that answers?"
        )
    if isinstance(error, EOFError | ConnectionResetError) or _CLOSED.match(str(error)):
        return "the server closed the connection"
    if isinstance(error, dns.exception.DNSException) and _UNSIGNED.search(str(error)):
        return "the answer is not signed with the key: is it the server itself that answers?"
    if isinstance(error, UnicodeError):
        encoding = error.encoding if hasattr(error, "encoding") else "text"
        return f"a value holds characters that cannot be sent or read as {encoding}"
    if (pool := _POOL.match(str(error))) is not None:
        return _unconnected(*pool.groups())
    return _NOISE.sub("", str(error)).strip() or type(error).__name__


def _unconnected(host: str, port: str, why: str) -> str:
    """Return in words why there is no connection, or no answer on it."""
    where = f"{host} port {port}"
    if (tls := _TLS.search(why)) is not None:
        return f"TLS with {where} failed: {tls[0].strip()}"
    if "Connection refused" in why:
        return f"{where}: Connection refused: nothing listens there; are host and port right?"
    if _NO_ADDRESS.search(why):
        return f"{host} has no address; is the name right?"
    if "timed out" in why:
        return f"{where} did not answer in time"
    return f"{where}: {_NOISE.sub('', why)}"


def may_pass(error: BaseException) -> bool:
    """Tell whether a provider's error means that it did not answer or is busy.

    RFC 9110 §15.6 and RFC 6585 §4 have the status codes.
    """
    if isinstance(error, json.JSONDecodeError):
        return False  # the one of requests is an OSError too
    response = getattr(error, "response", None)  # of requests, which most octoDNS providers use
    if isinstance(response, dict):  # of botocore
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status in _BUSY or response.get("Error", {}).get("Code") in _BUSY_CODES
    if response is not None:
        return getattr(response, "status_code", None) in _BUSY
    # Without a response, an OSError comes from the connection; those of requests are OSErrors too.
    # dnspython raises EOFError when a server hangs up.
    return isinstance(error, OSError | EOFError | dns.exception.Timeout) or any(
        each.__name__ in _SILENCE for each in type(error).__mro__
    )


def retry_after(error: BaseException) -> float:
    """Return how many seconds a busy provider asks us to wait (RFC 9110 §10.2.3), up to a limit."""
    return min(_asked_to_wait(error), _PATIENCE)


def longer_wait(error: BaseException) -> str:
    """Return in words how long a busy provider asks to wait, if that is longer than we wait."""
    seconds = _asked_to_wait(error)
    return f"; it asks to wait {seconds:.0f} seconds" if seconds > _PATIENCE else ""


def _asked_to_wait(error: BaseException) -> float:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    seconds = str(headers.get("Retry-After", ""))
    return float(seconds) if seconds.isascii() and seconds.isdigit() else 0.0


def _lost_connection(error: BaseException) -> BaseException | None:
    """Return what ended a connection: client libraries wrap it in errors of their own."""
    for cause in error.args if isinstance(error, OSError) else ():
        for each in (cause, *getattr(cause, "args", ())):
            if isinstance(each, ConnectionResetError):
                return each
    return None


def _no_json(answer: object) -> str:
    text = " ".join(answer.split()) if isinstance(answer, str) else ""
    if not text:
        return "the answer is empty where JSON belongs"
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return (
        f"the answer is no JSON, or only a part of it; it begins with {shown!r}: "
        "is it the provider that answers?"
    )
