"""Return paths of senders on real servers: declared, kept apart from others, and taken away."""

from __future__ import annotations

import pytest

from mailauth_dns.octo.target import Proposal, Target
from tests.conftest import RepoFolder
from tests.lab.name_server import Record
from tests.lab.publishing import Serving, nothing_to_do, publish
from tests.lab.test_sync import sync
from tests.lab.zones import FULL, HEAD
from tests.senders.mailers import with_mailers

RETIRED = ", retired: 2020-01-01"
UNTRIED = "TEST001"  # the made-up senders have no DNS, so their own tests cannot pass
KEY = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2="


def policy(retired: str = "") -> str:
    return f"""\
domain: example.com
senders:
  box: {{p: {KEY}{retired}}}
  cloud: {{region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]{retired}}}
  bulk: {{return_path: em1, target: u1.bulk.example{retired}}}
spf: {{terms: [mx], all: fail}}
dmarc: {{p: none}}
"""


def _key(selector: str, target: str) -> Record:
    return (f"{selector}._domainkey.example.com", "CNAME", 3600, target)


OF_SENDERS: set[Record] = {
    ("bounce.example.com", "MX", 3600, "10 feedback.eu-1.cloud.example."),
    ("bounce.example.com", "TXT", 3600, "v=spf1 include:_spf.cloud.example ~all"),
    ("em1.example.com", "CNAME", 3600, "u1.bulk.example."),
    *(_key(each, f"{each}.dkim.cloud.example.") for each in ("aaa", "bbb", "ccc")),
    _key("s1", "s1.domainkey.u1.bulk.example."),
    _key("s2", "s2.example-com.bulk.example."),
    ("box._domainkey.example.com", "TXT", 3600, f"v=DKIM1; k=rsa; p={KEY}"),
}
BOTH: set[Record] = {
    ("example.com", "TXT", 300, "v=spf1 mx include:_spf.box.example -all"),
    ("_dmarc.example.com", "TXT", 3600, "v=DMARC1; p=none"),
}
OWN: set[Record] = {
    ("example.com", "TXT", 300, "v=spf1 mx -all"),
    ("_dmarc.example.com", "TXT", 3600, "v=DMARC1; p=none"),
}
BESIDE = 'bounce 3600 IN TXT "MS=ms9"\nbounce IN A 192.0.2.7\nem1x IN CNAME u1.bulk.example.\n'


def _foreign(records: set[Record]) -> set[Record]:
    return {record for record in records if not record[3].startswith("v=spf1 a mx")}


def test_declared_retired_and_gone_and_everything_foreign_stays(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=FULL + BESIDE)
    foreign = _foreign(server.dump("example.com"))
    with_mailers(repo).policy(policy())
    applied = publish(repo, UNTRIED)
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == foreign | OF_SENDERS | BOTH
    assert repo.run("verify").code == 0
    assert repo.run("diff").code == 0
    nothing_to_do(repo)

    repo.policy(policy(", retired: 2999-01-01"))  # the grace has not passed
    nothing_to_do(repo)

    repo.policy(policy(RETIRED))
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert "Cloud retired 2020-01-01: its return path bounce.example.com goes" in planned.out
    applied = publish(repo)  # and needs no permission: the grace is over
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == foreign | OWN
    nothing_to_do(repo)
    assert repo.run("verify").code == 0


FOREIGN_LATER = """\
bounce 3600 IN MX 10 feedback.eu-1.cloud.example.
bounce 3600 IN MX 20 mx.other.example.
bounce 3600 IN TXT "v=spf1 include:_spf.cloud.example ip4:192.0.2.9 ~all"
em1 3600 IN CNAME u1.other.example.
aaa._domainkey 3600 IN CNAME aaa.dkim.cloud.example.
bbb._domainkey 3600 IN CNAME bbb.dkim.other.example.
box._domainkey 3600 IN TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ"
s1._domainkey 3600 IN TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgR"
"""


def test_what_others_have_put_there_since_is_not_taken_away(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=HEAD + '@ 300 IN TXT "v=spf1 mx -all"\n' + FOREIGN_LATER)
    there = server.dump("example.com")
    with_mailers(repo).policy(policy(RETIRED))
    applied = publish(repo)
    assert applied.code == 0, applied.said
    gone = {
        ("bounce.example.com", "MX", 3600, "10 feedback.eu-1.cloud.example."),
        _key("aaa", "aaa.dkim.cloud.example."),
    }
    assert gone < there
    assert server.dump("example.com") == (there - gone) | OWN


IN_THE_WAY = {
    "an alias of others": ("em1 IN CNAME x.other.example.", "does not lead to Bulk"),
    "an alias at exchangers": ("bounce IN CNAME x.other.example.", "give Cloud another return"),
    "an MX of others": ("bounce IN MX 10 mx.other.example.", "has an MX that is not Cloud's"),
    "an address at an alias": ("em1 IN A 192.0.2.9", "holds other data (A)"),
    "a delegation": ("bounce IN NS ns1.other.example.", "is delegated to other servers"),
}


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_what_others_have_there_is_never_overwritten(
    repo: RepoFolder, serving: Serving, case: str
) -> None:
    line, reason = IN_THE_WAY[case]
    server = serving(example_com=HEAD + line + "\n")
    before = server.dump("example.com")
    with_mailers(repo).policy(policy())
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    assert reason in " ".join(planned.out.split())
    repo.run("apply", str(repo.root / "plan.json"), "--wait", "5s")
    after = server.dump("example.com")
    assert before <= after
    name = f"{line.split()[0]}.example.com"
    at_name = {record for record in after if record[0] == name}
    assert at_name == {record for record in before if record[0] == name}
    repo.policy(policy(RETIRED))
    publish(repo)
    assert before <= server.dump("example.com")


def test_a_killed_apply_is_finished_by_the_next(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving(example_com=FULL + BESIDE, example_org=HEAD)
    foreign = _foreign(server.dump("example.com"))
    org = policy().replace("example.com", "example.org")
    with_mailers(repo).policy(policy(), "com")
    repo.policy(org, "org")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 0, planned.said
    really, written = Target.apply, list[str]()

    def apply(target: Target, proposal: Proposal) -> None:
        if written:
            raise KeyboardInterrupt
        written.append("one")
        really(target, proposal)

    with monkeypatch.context() as patched:
        patched.setattr(Target, "apply", apply)
        assert repo.run("apply", str(repo.root / "plan.json"), "--allow", UNTRIED).code != 0
    done = [
        "u1.bulk.example."
        in {record[3] for record in server.dump(zone) if record[0] == f"em1.{zone}"}
        for zone in ("example.com", "example.org")
    ]
    assert sorted(done) == [False, True]
    again = repo.run("apply", str(repo.root / "plan.json"), "--allow", UNTRIED)
    assert again.code == 0, again.said
    assert server.dump("example.com") == foreign | OF_SENDERS | BOTH
    nothing_to_do(repo)


def test_octodns_sync_keeps_what_others_have(repo: RepoFolder, serving: Serving) -> None:
    """With the files that compile writes, and the processor that keeps everything foreign."""
    server = serving(example_com=FULL + BESIDE)
    foreign = _foreign(server.dump("example.com"))
    with_mailers(repo).policy(policy())
    done = sync(repo, server, "zone", "policy")
    assert done.returncode == 0, done.stderr[-2000:]
    assert server.dump("example.com") == foreign | OF_SENDERS | BOTH
    repo.policy(policy(RETIRED))
    assert sync(repo, server, "zone", "policy").returncode == 0
    assert server.dump("example.com") == foreign | OWN
    repo.policy(policy())
    assert sync(repo, server, "zone", "policy").returncode == 0
    server.put("example.com", "bounce.example.com", "MX", 3600, "20 mx.other.example.")
    there = server.dump("example.com")
    # Mail of the other exchanger may rest on the SPF record: it stays, whatever the sender's state.
    for text, reason in ((policy(), "has an MX that is not Cloud's"), (policy(RETIRED), "MX")):
        repo.policy(text)
        refused = sync(repo, server, "zone", "policy")
        assert refused.returncode != 0
        assert reason in refused.stderr
        assert server.dump("example.com") == there
