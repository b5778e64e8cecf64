"""Files, folders and mailboxes: each report once, and what is none beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailauth_dns.reports.containers import PassedOver, Unread
from mailauth_dns.reports.read_reports import (
    Outcome,
    ReadAggregate,
    ReadTls,
    Repeated,
    read_reports,
)
from mailauth_dns.reports.tally import Tally, tally
from tests.reports import made
from tests.reports.made import (
    RECORD,
    aggregate,
    gzipped,
    mail,
    mbox,
    plain_mail,
    tls,
    wrote,
    zipped,
)

OTHER = aggregate(("20251128.1", "20251128.2"))


def read(*paths: Path) -> list[Outcome[Tally]]:
    return list(read_reports(paths, (), tally))


def shown(outcomes: list[Outcome[Tally]], root: Path) -> list[str]:
    """One line an outcome: what it is and where, from `root`."""
    return [
        f"{type(each).__name__} {each.place.removeprefix(f'{root}/')}"
        + (f": {each.why}" if isinstance(each, Unread) else "")
        for each in outcomes
    ]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    wrote(
        tmp_path,
        {
            "b/2.xml.gz": gzipped(OTHER),
            "b/1.xml": aggregate(),
            "a/tls.json.gz": gzipped(tls()),
            "README.md": "# notes\n",
            "c.xml": "",
            "c.json": "[]",
            ".git/x.xml": aggregate(),
        },
    )
    assert shown(read(tmp_path), tmp_path) == [
        "PassedOver README.md",
        "ReadTls a/tls.json.gz",
        "ReadAggregate b/1.xml",
        "ReadAggregate b/2.xml.gz",
        "Unread c.json: is JSON, and no TLS report (it has no policies)",
        "Unread c.xml: is empty",
    ]


def test_a_maildir_is_read_without_what_is_not_delivered(tmp_path: Path) -> None:
    name = "1764288000.M1P1.mx,S=1:2,"
    wrote(
        tmp_path,
        {
            f"cur/{name}S": mail(gzipped(aggregate())),
            f"new/{name}": mail(gzipped(OTHER)),
            f"tmp/{name}": mail(gzipped(aggregate(("20251128.1", "x")))),
            f"cur/{name}T": plain_mail(),
            "dovecot-uidlist": "3 V1 N2\n1 :1764288000.M1P1\n",
            ".Sub/tmp/x": "not ours: a Maildir has cur and new beside it\n",
        },
    )
    assert shown(read(tmp_path), tmp_path) == [
        "PassedOver .Sub/tmp/x",
        f"ReadAggregate cur/{name}S: part 2",
        f"PassedOver cur/{name}T",
        "PassedOver dovecot-uidlist",
        f"ReadAggregate new/{name}: part 2",
    ]


def test_a_mailbox(tmp_path: Path) -> None:
    wrote(tmp_path, {"box": mbox(mail(gzipped(aggregate())), plain_mail(), mail(gzipped(tls())))})
    found = read(tmp_path / "box")
    assert [type(each) for each in found] == [ReadAggregate, PassedOver, ReadTls]


# Each pair is the same report; is it said to be?
PAIRS = [
    ("another container", gzipped(aggregate()), True),
    ("another form", aggregate(("\n", "")), True),
    ("other words for the id", aggregate(("20251128.1@receiver.example", "&lt;20251128.1@b.example&gt;")), True),
    ("another count", aggregate(("<count>3<", "<count>4<")), False),
    ("another source", aggregate(("192.0.2.10", "192.0.2.11")), False),
    ("another result", aggregate(("<dkim>pass<", "<dkim>fail<")), False),
    ("one record more", aggregate(records=(RECORD, RECORD)), False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "same"), PAIRS, ids=[name for name, _, _ in PAIRS])
def test_the_same_report_counts_once(
    name: str, text: str | bytes, same: bool, tmp_path: Path
) -> None:
    wrote(tmp_path, {"1.xml": aggregate(), "2.xml": text})
    [_, again] = read(tmp_path)
    assert isinstance(again, Repeated)
    assert (again.place, again.first) == (str(tmp_path / "2.xml"), str(tmp_path / "1.xml"))
    assert again.same is same


# Each of these is another report.
OTHERS = [
    ("another id", OTHER),
    ("another organization", aggregate(("<org_name>receiver.example", "<org_name>b.example"))),
    ("another domain", aggregate(("<domain>example.com</domain>\n    <adkim>", "<domain>example.net</domain><adkim>"))),
    ("another day", aggregate((str(made.END), str(made.END + 1)))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), OTHERS, ids=[name for name, _ in OTHERS])
def test_another_report_counts_too(name: str, text: str, tmp_path: Path) -> None:
    wrote(tmp_path, {"1.xml": aggregate(), "2.xml": text})
    assert [type(each) for each in read(tmp_path)] == [ReadAggregate, ReadAggregate]


def test_records_in_another_order_are_the_same(tmp_path: Path) -> None:
    second = RECORD.replace("192.0.2.10", "192.0.2.99")
    wrote(
        tmp_path,
        {
            "1.xml": aggregate(records=(RECORD, second)),
            "2.xml": aggregate(records=(second, RECORD)),
        },
    )
    assert [type(each) for each in read(tmp_path)] == [ReadAggregate, Repeated]


def test_a_tls_report_counts_once(tmp_path: Path) -> None:
    wrote(tmp_path, {"1.json": tls(), "2.json": tls(), "3.json": tls(report_id="other")})
    wrote(tmp_path, {"4.json": tls(policies=[])})
    assert [type(each) for each in read(tmp_path)] == [ReadTls, Repeated, ReadTls, ReadTls]


def test_a_dmarc_and_a_tls_report_with_one_id_are_two(tmp_path: Path) -> None:
    dates = {
        "start-datetime": "2025-11-28T00:00:00Z",
        "end-datetime": "2025-11-28T23:59:59Z",
    }
    named = tls(
        organization_name="receiver.example",
        report_id="20251128.1@receiver.example",
        date_range=dates,
    )
    wrote(tmp_path, {"1.xml": aggregate(), "2.json": named, "3.json": named})
    found = read(tmp_path)
    assert [type(each) for each in found] == [ReadAggregate, ReadTls, Repeated]
    dmarc, tls_, again = found
    assert isinstance(dmarc, ReadAggregate)
    assert isinstance(tls_, ReadTls)
    assert isinstance(again, Repeated)
    assert dmarc.report.key == tls_.report.key
    assert again.first == tls_.place


def test_a_broken_copy_does_not_stand_for_the_report(tmp_path: Path) -> None:
    wrote(tmp_path, {"1.xml.gz": gzipped(aggregate())[:-9], "2.xml.gz": gzipped(aggregate())})
    assert [type(each) for each in read(tmp_path)] == [Unread, ReadAggregate]


def test_a_broken_report_leaves_no_part_of_itself(tmp_path: Path) -> None:
    """The fold sees its records, and its value is dropped."""
    text = b"".join(made.many(3000))
    wrote(tmp_path, {"1.xml": text[:-100], "2.xml": aggregate()})
    found = read(tmp_path)
    assert [type(each) for each in found] == [Unread, ReadAggregate]
    assert [each.value for each in found if isinstance(each, ReadAggregate)] == [Tally(1, 3, 0, 0)]


def test_a_fold_may_stop_early(tmp_path: Path) -> None:
    wrote(tmp_path, {"1.xml": b"".join(made.many(3000)), "2.xml": b"".join(made.many(3000))})
    found = list(read_reports((tmp_path,), (), lambda _, records: next(records).count))
    assert [type(each) for each in found] == [ReadAggregate, Repeated]
    assert [each.same for each in found if isinstance(each, Repeated)] == [True]


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    (tmp_path / "gone.xml").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "linked.xml").symlink_to(wrote(tmp_path / "x", {"a.xml": aggregate()}) / "a.xml")
    assert shown(read(tmp_path), tmp_path) == [
        "Unread gone.xml: cannot be read: no such file or directory",
        "ReadAggregate linked.xml",
        "Unread pipe.xml: is no file",
        "Repeated x/a.xml",
    ]
    assert shown(read(tmp_path / "none", tmp_path / "pipe.xml"), tmp_path) == [
        "Unread none: cannot be read: no such file or directory",
        "Unread pipe.xml: is no file",
    ]
    assert len(read(tmp_path / "loop")) == 4


def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    """A process without root's rights reads: who runs the tests may be root."""
    folder = tmp_path / "r"
    wrote(folder, {"a.xml": aggregate(), "b/a.xml": aggregate()})
    (folder / "a.xml").chmod(0)
    (folder / "b").chmod(0)
    program = (
        "import sys; from pathlib import Path; "
        "from mailauth_dns.reports.read_reports import read_reports; "
        "print(*(f'{type(each).__name__} {each.place}: {each.why}' for each in "
        "read_reports([Path('.')], (), lambda *_: None)), sep='\\n')"
    )
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*drop, sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "b").chmod(0o700)
    assert done.stdout.splitlines() == [
        "Unread a.xml: cannot be read: permission denied",
        "Unread b: cannot be read: permission denied",
    ]


def test_a_named_file_that_is_no_report_is_unread(tmp_path: Path) -> None:
    """In a folder, the same file is passed over."""
    wrote(tmp_path, {"notes": "nothing\n"})
    assert [type(each) for each in read(tmp_path / "notes")] == [Unread]
    assert [type(each) for each in read(tmp_path)] == [PassedOver]


def test_nothing_that_names_a_person_is_kept(tmp_path: Path) -> None:
    secrets = ("alice", "Report-from-alice", "bob", "carol")
    text = aggregate(
        ("dmarc-reports@", "alice@"),
        ("<envelope_from>", "<envelope_to>bob@example.net</envelope_to><envelope_from>carol@"),
        ("</policy_evaluated>", "<reason><type>other</type><comment>alice said</comment></reason></policy_evaluated>"),
        ("</report_metadata>", "<error>for alice@example.com</error><extra_contact_info>bob</extra_contact_info></report_metadata>"),
        ("<result>pass</result>\n      </spf>", "<result>pass</result><human_result>carol</human_result></spf>"),
        ("<selector>mx2026", "<selector>alice@example.net"),
    )  # fmt: skip
    attached = mail(gzipped(text), subject="Report-from-alice", name="alice.xml.gz")
    wrote(tmp_path, {"mail": attached, "tls.json": tls(contact_info="alice@receiver.example")})
    wrote(tmp_path, {"x.zip": zipped(("a.xml", text.replace("20251128.1", "2").encode()))})
    found = list(read_reports((tmp_path,), (), made.kept))
    assert [type(each) for each in found] == [ReadAggregate, ReadTls, ReadAggregate]
    said = repr(found) + "".join(str(told) for each in found for told in getattr(each, "told", ()))
    assert [secret for secret in secrets if secret in said.replace(str(tmp_path), "")] == []
