"""A zone for a test's own server, and one question asked of it."""

from __future__ import annotations

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted
from tests.live.authority import zone

SPF = "v=spf1 mx -all"
OCTETS = 'caf\xe9 \x00\xff;\\"'
ZONE = zone(
    "example.com",
    f"""
@ 300 IN TXT "{SPF}"
@ 300 IN TXT "site-verification=1"
@ 300 IN MX 10 MX.example.com.
_dmarc 300 IN TXT "v=DMARC1; " "p=none"
odd 300 IN TXT {quoted(OCTETS)}
long 300 IN TXT {quoted("x" * 5000)}
s1._domainkey 60 IN CNAME S1.DomainKey.example.NET.
alias 60 IN CNAME mx
mx 300 IN A 192.0.2.1
mx 300 IN AAAA 2001:DB8::1
*.wild 300 IN TXT "from the wildcard"
sub 300 IN NS ns1.example.org.
""",
)
APEX = DomainName("example.com")


def name(text: str) -> DomainName:
    return DomainName(text)


def one(
    server: ServerAddress,
    owner: str,
    type: str,
    *,
    recurse: bool = False,
    timeout: float = 0.3,
    tries: int = 2,
) -> ServerAnswer | Unknown:
    question = Question(server, name(owner), type, recurse)
    answers = ask([question], timeout=timeout, tries=tries)
    assert list(answers) == [question]
    return answers[question]


def said(answer: ServerAnswer | Unknown) -> ServerAnswer:
    assert isinstance(answer, ServerAnswer), answer
    return answer


def reason(answer: ServerAnswer | Unknown) -> str:
    assert isinstance(answer, Unknown), answer
    return answer.reason
