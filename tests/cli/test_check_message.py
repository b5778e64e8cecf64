"""check-message on real messages over real name servers, with and without a zone repo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.evaluate.messages import PLAIN, ed25519_key, rsa_key

CASES = [
    (
        ("good.eml", "--ip", "192.0.2.10"),
        0,
        "SPF pass, DKIM pass, DMARC pass, requested disposition none",
    ),
    (
        ("good.eml", "--ip", "198.51.100.1"),
        0,
        "SPF fail, DKIM pass, DMARC pass, requested disposition none",
    ),
    (
        ("good.eml", "--ip", "198.51.100.1", "--mail-from", "<>", "--helo", "relay.example.com"),
        0,
        "SPF none, DKIM pass, DMARC pass",
    ),
    (
        ("spoof.eml", "--ip", "198.51.100.1"),
        2,
        "SPF fail, DKIM none, DMARC fail, requested disposition reject",
    ),
    (
        ("new.eml", "--ip", "198.51.100.1"),
        2,
        "SPF fail, DKIM fail, DMARC fail, requested disposition reject",
    ),
    # The null sender is judged by its HELO name: where DKIM is enough, nobody has to know it
    (
        ("good.eml", "--ip", "198.51.100.1", "--mail-from", "<>"),
        0,
        "SPF none, DKIM pass, DMARC pass",
    ),
    (
        ("spoof.eml", "--ip", "198.51.100.1", "--mail-from", "<>"),
        1,
        "SPF none, DKIM none, DMARC temperror",
    ),
    # RFC 9989 §5.3.1 leaves these to receivers, who refuse them
    (
        ("two.eml", "--ip", "192.0.2.10"),
        2,
        "SPF pass, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("nobody.eml", "--ip", "192.0.2.10"),
        2,
        "SPF none, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("nobody.eml", "--ip", "192.0.2.10", "--mail-from", "a@example.com"),
        2,
        "SPF pass, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("twice.eml", "--ip", "192.0.2.10"),
        2,
        "SPF pass, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("root.eml", "--ip", "192.0.2.10"),
        2,
        "SPF none, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("spoof.eml", "--ip", "192.0.2.10", "--mail-from", "x@example.org"),
        2,
        "SPF temperror, DKIM none, DMARC fail, requested disposition reject",
    ),
]


@pytest.mark.parametrize(("arguments", "code", "said"), CASES)
def test_a_message_is_judged_as_a_receiver_does(
    mailbox: RepoFolder, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = mailbox.run("check-message", *arguments)
    assert ran.out.startswith(f"as it is: {said}"), ran.said
    assert ran.code == code


ENVELOPES = [  # lines on top, options, what SPF says of the sender, what is said on standard error
    (
        b"Return-Path: <alice@example.com> (the sender)\n",
        (),
        "SPF passes for example.com (MAIL FROM)",
        False,
    ),
    (
        b"Return-Path: <@a.example,@b.example:alice@example.com>\n",
        (),
        "SPF passes for example.com (MAIL FROM)",
        False,
    ),
    (b'Return-Path: <"a>b"@example.com>\n', (), "SPF passes for example.com (MAIL FROM)", False),
    (
        b"Return-Path: <alice@[192.0.2.1]>\n",
        (),
        "SPF says none: '[192.0.2.1]' is not a full domain name",
        True,
    ),
    (
        b"Return-Path: <MAILER-DAEMON>\n",
        (),
        "SPF says none for mailer-daemon (MAIL FROM): 'MAILER-DAEMON' is not a full",
        True,
    ),
    (b"Return-Path: who knows\n", (), "SPF says none: 'who knows' is not a full domain name", True),
    (
        b"Return-Path: <MAILER-DAEMON>\n",
        ("--mail-from", "a@example.com"),
        "SPF passes for example.com (MAIL FROM)",
        False,
    ),
    (
        b"Return-Path: <>\n",
        ("--helo", "[192.0.2.10]"),
        "SPF says none: '[192.0.2.10]' is not a full domain name",
        False,
    ),
    (
        b"Return-Path: <>\n",
        ("--helo", "[IPv6:2001:db8::10]"),
        "SPF says none: '[IPv6:2001:db8::10]' is not a full domain name",
        False,
    ),
]


@pytest.mark.parametrize(("top", "options", "said", "hint"), ENVELOPES)
def test_whoever_the_envelope_names_the_rest_is_judged(
    mailbox: RepoFolder, top: bytes, options: tuple[str, ...], said: str, hint: bool
) -> None:
    mailbox.write("odd.eml", top + rsa_key().sign(PLAIN))
    ran = mailbox.run("check-message", "odd.eml", "--ip", "192.0.2.10", *options)
    assert ran.code == 0, ran.said
    assert f"    {said}" in ran.out
    assert "DKIM passes for example.com" in ran.out
    assert ("--mail-from gives the sender of the envelope" in ran.err) is hint


def test_what_is_unknown_without_a_helo_name_is_told(mailbox: RepoFolder) -> None:
    ran = mailbox.run("check-message", "spoof.eml", "--ip", "192.0.2.10", "--mail-from", "<>")
    assert ran.code == 1
    assert (
        "    whether DMARC passes for example.com, and what is requested, is unknown: "
        "SPF may pass for the HELO name, which is not" in ran.out
    )


def test_a_second_from_field_cannot_hide_behind_white_space(mailbox: RepoFolder) -> None:
    """RFC 5322 §4.5 has readers accept it, so that people may be shown either."""
    signed = rsa_key().sign(PLAIN, headers=(b"from", b"subject"))
    for octets in (
        b'From : "CEO" <ceo@bank.example>\r\n' + signed,
        signed.replace(b"To:", b"FROM\t: ceo@bank.example\r\nTo:"),
    ):
        mailbox.write("spoof.eml", octets)
        ran = mailbox.run("check-message", "spoof.eml", "--ip", "192.0.2.10")
        assert ran.code == 2
        assert "DMARC permerror" in ran.out
        assert "the message has 2 From fields where one is needed" in ran.out


def test_a_plan_is_judged_before_it_is_applied(mailbox: RepoFolder) -> None:
    """The key that signed is in nobody's DNS yet, and will be."""
    p = ed25519_key().record.rpartition("p=")[2]
    mailbox.policy(
        f"domain: example.com\ndkim:\n  selectors:\n    e1: {{p: '{p}', k: ed25519}}\n",
        "example.com",
    )
    mailbox.run("plan", "--out", "plan.json")
    ran = mailbox.run(
        "check-message",
        "new.eml",
        "--ip",
        "198.51.100.1",
        "--plan",
        "plan.json",
        "--format",
        "json",
    )
    said = json.loads(ran.out)
    assert (ran.code, said["before"]["dmarc"], said["after"]["dmarc"]) == (0, "fail", "pass")
    assert [
        (each["mechanism"], each["result"], each["aligned"])
        for each in said["after"]["identifiers"]
    ] == [
        ("SPF", "fail", None),
        ("DKIM", "pass", True),
    ]


def test_results_that_a_message_brings_along_count_for_nothing(mailbox: RepoFolder) -> None:
    lies = (
        b"Authentication-Results: mx.example.org; dmarc=pass; spf=pass\r\nReceived-SPF: "
        b"pass\r\nReceived: from mx ([192.0.2.10])\r\n"
    )
    mailbox.write("spoof.eml", lies + PLAIN)
    assert mailbox.run("check-message", "spoof.eml", "--ip", "198.51.100.1").code == 2


def test_a_machine_without_a_repo_can_check(mailbox: RepoFolder, tmp_path: Path) -> None:
    shutil.rmtree(mailbox.root / "zones")
    ran = mailbox.run("check-message", "spoof.eml", "--ip", "192.0.2.10")
    assert ran.code == 1
    assert "this machine has no recursive resolver" in ran.out


def test_a_message_with_two_author_domains_is_told_and_requests_nothing(
    mailbox: RepoFolder,
) -> None:
    ran = mailbox.run("check-message", "two.eml", "--ip", "192.0.2.10")
    assert ran.out.endswith(
        "    the From header names example.com and example.org, so DMARC cannot pass, "
        "and receivers refuse such mail\n"
    )
    assert "requested disposition" not in ran.out
    said = json.loads(
        mailbox.run("check-message", "two.eml", "--ip", "192.0.2.10", "--format", "json").out
    )["before"]
    assert (said["dmarc"], said["disposition"], said["author_domain"]) == ("permerror", None, None)


def test_a_tail_that_is_not_signed_is_warned_of(mailbox: RepoFolder) -> None:
    mailbox.write("tail.eml", rsa_key().sign(PLAIN, length=True) + b"Pay to this account.\r\n")
    ran = mailbox.run(
        "check-message",
        "tail.eml",
        "--ip",
        "198.51.100.1",
        "--mail-from",
        "<>",
        "--helo",
        "relay.example.com",
    )
    assert ran.code == 0, ran.said
    assert (
        "warning: the signature of example.com (selector s1) has a body length limit "
        "(l=): the last 22 octets of the body are " in ran.out
    )


def test_of_many_signatures_the_first_are_looked_at(mailbox: RepoFolder) -> None:
    junk = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=junk.example.com; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    )
    mailbox.write("many.eml", junk * 199 + rsa_key().sign(PLAIN))
    unknown = mailbox.run("check-message", "many.eml", "--ip", "198.51.100.1")
    assert (unknown.code, unknown.out.count("DKIM says fail")) == (1, 10)
    assert unknown.out.startswith(
        "as it is: SPF fail, DKIM temperror, DMARC temperror, requested disposition unknown\n"
    )
    assert "190 more DKIM signatures were not checked" in unknown.out
    passing = mailbox.run("check-message", "many.eml", "--ip", "192.0.2.10")
    assert (passing.code, "190 more DKIM signatures were not checked" in passing.out) == (0, True)
