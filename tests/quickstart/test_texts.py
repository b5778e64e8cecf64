"""What quickstart writes and prints, from answers alone: golden files, a case a file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.quickstart import answers as asking
from mailauth_dns.quickstart.begin import Started
from mailauth_dns.quickstart.dns_services import DnsKind, stanza
from mailauth_dns.quickstart.first_policy import policy_text
from mailauth_dns.quickstart.next_steps import Machine, Made, steps
from mailauth_dns.quickstart.published import PublishedMail
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import quickstart as render
from mailauth_dns.typed_yaml.yaml_tree import Plain

GOLDEN = Path(__file__).parent / "golden"
GIVEN = {
    "--ip": "192.0.2.10",
    "--mail-host": "mx.example.com",
    "--dns": "registrar",
    "--signer": "opendkim",
    "--private-dir": "/etc/opendkim/keys",
    "--rua": "postmaster@example.com",
}
BIND = {"--dns": "bind", "--dns-host": "192.0.2.53", "--dns-key-name": "mailauth"}

READY = Machine(root=True, signer_here=True, extra_missing=None)


@dataclass(frozen=True)
class Case:
    given: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Plain] = field(default_factory=dict)
    negative_ttl: int | None = 300
    machine: Machine = READY
    nameservers: tuple[str, ...] = ()
    p: str = "none"
    all: str | None = "softfail"


CASES = {
    "registrar_opendkim": Case(),
    "bind_rspamd": Case(
        {**BIND, "--signer": "rspamd", "--private-dir": "/var/lib/rspamd/dkim"},
        negative_ttl=3600,
        nameservers=("192.0.2.53",),
    ),
    "published_already": Case(
        {"--ip": "192.0.2.10 192.0.2.77 2001:db8::10"},
        {
            "domain": "example.com",
            "ttl": "600",
            "spf": {"terms": ["mx", "ip4:192.0.2.64/26"], "all": "fail"},
            "dkim": {"selectors": {"010": {"p": "MCowBQYDK2VwAyEA"}}},
            "dmarc": {"p": "reject", "rua": ["mailto:d@example.net"]},
            "tls_rpt": {"rua": ["mailto:tls@example.com"]},
        },
        p="reject",
        all="fail",
    ),
    "not_root": Case(
        {"--private-dir": "/home/ann/my keys"},
        negative_ttl=None,
        machine=Machine(root=False, signer_here=False, extra_missing=None),
    ),
    "powerdns_not_installed": Case(
        {"--dns": "powerdns", "--dns-host": "127.0.0.1:8082"},
        machine=Machine(root=True, signer_here=False, extra_missing="powerdns"),
    ),
}


def text_of(case: Case) -> str:
    """The provider file, the policy and the printed steps."""
    answers = asking.answers(DomainName("example.com"), {**GIVEN, **case.given})
    found = PublishedMail(dict(case.body), (), case.negative_ttl, asked=True)
    policy = policy_text(answers, found, "20261128", "2026-11-28T11:00:00Z", case.nameservers)
    records = "Type:   TXT\nHost:   @\n" if answers.dns is DnsKind.REGISTRAR else ""
    made = Made(
        answers, "20261128", case.negative_ttl, records, "YOU@example.net", case.p, case.all
    )
    todo = steps(made, case.machine)
    private = Path(answers.private_dir) / "example.com/20261128.private"
    result = Started(made, private, ["zones/policy/example.com.yaml"], [".gitignore"], [], todo)
    json.dumps(render.started_data(result))
    said = "".join(f"{line.plain}\n" for line in render.started(result, "/srv/dns"))
    provider = stanza(answers.dns, answers.dns_host, answers.dns_key_name, "served")
    return f"{provider}---\n{policy}---\n{said}"


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, request: pytest.FixtureRequest) -> None:
    path, said = GOLDEN / f"{name}.txt", text_of(CASES[name])
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(said)
    assert said == path.read_text()


WRONG = [
    ("--ip", "192.0.2.300", "'192.0.2.300' is no address; write one such as 192.0.2.10"),
    ("--ip", "0.0.0.0", "can send no mail"),
    ("--ip", "192.0.2.0/24", "is no address"),
    ("--mail-host", "mx", "write the server's full name"),
    ("--mail-host", "192.0.2.10", "write the server's full name"),
    ("--dns", "godaddy", "use one of registrar, bind"),
    ("--dns-host", "http://x y", "write one such as 192.0.2.53"),
    ("--dns-key-name", "a: b", "write one such as mailauth-key"),
    ("--signer", "exim", "use one of opendkim, rspamd"),
    ("--rua", "nobody", "is not an address"),
    ("--rua", "a@example.com,b@example.com", "write one plain address"),
]


@pytest.mark.parametrize(("option", "text", "message"), WRONG)
def test_a_wrong_answer_says_what_to_write(option: str, text: str, message: str) -> None:
    with pytest.raises(MailAuthError, match=message) as caught:
        asking.check(option, text)
    assert str(caught.value).startswith(f"{option} {text}: ")


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.168.0.1", "127.0.0.1", "fd00::1", "100.64.0.1"]
)
def test_an_address_inside_is_a_warning(address: str) -> None:
    found = asking.answers(DomainName("example.com"), {**GIVEN, "--ip": address})
    [warning] = asking.warnings(found)
    assert warning.startswith(f"{address}: is an address inside your network")


def test_each_question_has_a_reason_and_what_comes_of_an_answer() -> None:
    """What an answer leads to is asked next; nothing is asked twice."""
    given: dict[str, str] = {}
    asked = []
    known = asking.Known(signer="rspamd", private_dir="/var/lib/rspamd/dkim")
    replies = {"--dns": "bind", "--ip": "192.0.2.10", "--dns-key-name": "k"}
    while waiting := asking.questions("example.com", given, known):
        question = waiting[0]
        assert question.why
        given[question.option] = replies.get(question.option) or question.default or ""
        asked.append(question.option)
    assert asked == [
        "--mail-host",
        "--ip",
        "--dns",
        "--dns-host",
        "--dns-key-name",
        "--signer",
        "--private-dir",
        "--rua",
    ]
    assert (given["--mail-host"], given["--signer"]) == ("mail.example.com", "rspamd")


@pytest.mark.parametrize("signer", ["opendkim", "rspamd"])
def test_no_folder_of_yours_is_given_away(signer: str) -> None:
    """Where no program is set up, root copies the key, and gives nobody /srv."""
    answers = asking.answers(
        DomainName("example.com"), {**GIVEN, "--private-dir": "/srv", "--signer": signer}
    )
    made = Made(answers, "s1", 300, "", "YOU@example.net", "none", None)
    said = [
        line for step in steps(made, replace(READY, signer_here=False)) for line in step.commands
    ]
    assert not any("chown" in line for line in said)
    assert any("/srv/example.com/s1.private /" in line for line in said)
    assert not any("--key-dir /srv" in line for line in said)


def test_an_address_is_one_word_of_the_shell_and_no_format() -> None:
    answers = asking.answers(DomainName("example.com"), GIVEN)
    to = asking.check("--rua", "100%s&x|`id`$HOME@example.net")
    made = Made(answers, "s1", 300, "", to, "none", None)
    [line] = [line for step in steps(made, READY) for line in step.commands if "sendmail" in line]
    argued = subprocess.run(
        ["sh", "-c", f'sendmail() {{ cat; echo "$3"; }}; {line}'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert (argued[1], argued[-1]) == (f"To: {to}", to)
