"""Route 53 as octodns-route53 asks it, answered by moto on loopback.

What we write is read back anew, and others' values stay.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from octodns_route53 import Route53Provider

from mailauth_dns.records.zone import quoted, unquoted
from tests.conftest import RepoFolder, free_port
from tests.lab.zones import DMARC, LONG_TOKEN, SPF

LONG_KEY = "v=DKIM1; k=rsa; p=" + "QUJD" * 98
POLICY = f"""\
domain: example.com
providers: [aws]
spf: {{terms: ["ip4:192.0.2.10", mx], all: fail}}
dkim: {{selectors: {{s1: {{p: {LONG_KEY.split("p=")[1]}}}}}}}
dmarc: {{p: quarantine, rua: ["mailto:dmarc@example.com"]}}
"""
APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")
OURS = {
    ("example.com.", "TXT", SPF),
    ("s1._domainkey.example.com.", "TXT", LONG_KEY),
    ("_dmarc.example.com.", "TXT", DMARC),
}


class Route53:
    """One zone at moto."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.zone = client.create_hosted_zone(Name="example.com.", CallerReference="lab")[
            "HostedZone"
        ]["Id"]

    def put(self, name: str, type: str, *values: str) -> None:
        rrset = {
            "Name": name,
            "Type": type,
            "TTL": 300,
            "ResourceRecords": [{"Value": value} for value in values],
        }
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": rrset}]}
        self.client.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)

    def held(self) -> set[tuple[str, str, str]]:
        sets = self.client.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return {
            (
                rrset["Name"],
                rrset["Type"],
                unquoted(each["Value"]) if rrset["Type"] == "TXT" else each["Value"],
            )
            for rrset in sets
            for each in rrset["ResourceRecords"]
        }


@pytest.fixture
def route53(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Route53]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "LAB_AWS_ID": "lab-key-id",
        "LAB_AWS_SECRET": "lab-s3cr3t",
    }.items():
        monkeypatch.setenv(name, value)
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        client = boto3.client(
            "route53", aws_access_key_id="lab-key-id", aws_secret_access_key="lab-s3cr3t"
        )
        until = time.monotonic() + 30
        while True:
            try:
                client.list_hosted_zones()
                break
            except EndpointConnectionError:
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
        stanza = {
            "class": "octodns_route53.Route53Provider",
            "access_key_id": "env/LAB_AWS_ID",
            "secret_access_key": "env/LAB_AWS_SECRET",
        }
        repo.provider("aws", stanza)
        yield Route53(client)
    finally:
        process.kill()  # it holds nothing that is to be kept
        process.wait()


def test_what_was_written_is_read_back_anew(repo: RepoFolder, route53: Route53) -> None:
    """octodns-route53 caches a zone: the object that planned would tell of it as it was."""
    route53.put(
        "example.com.",
        "TXT",
        '"v=spf1 a ~all"',
        '"MS=ms1"',
        f'"{LONG_TOKEN[:255]}" "{LONG_TOKEN[255:]}"',
        '"a; b"',
    )
    route53.put("www.example.com.", "A", "192.0.2.1")
    before = route53.held()
    repo.policy(POLICY)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    applied = repo.run(*APPLY)
    assert applied.code == 0, applied.said
    assert "applied, 3 changes" in applied.out
    assert route53.held() == (before - {("example.com.", "TXT", "v=spf1 a ~all")}) | OURS
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0
    again = repo.run(*APPLY)
    assert again.code == 0
    assert "unchanged" in again.out


@pytest.mark.parametrize("value", ['say "hello"', "back\\slash", "caf\xc3\xa9", "ends in \\"])
def test_what_its_class_would_change_is_not_written_and_the_way_out_is_named(
    repo: RepoFolder, route53: Route53, value: str
) -> None:
    route53.put("example.com.", "TXT", '"v=spf1 a ~all"', quoted(value))
    before = route53.held()
    repo.policy(POLICY)
    planned = repo.run("plan", "--no-live", "--out", "plan.json")
    if planned.code == 0:  # its spelling survives
        assert repo.run(*APPLY).code == 0
        assert ("example.com.", "TXT", value) in route53.held()
        return
    assert "write our value there by hand, beside the others, and plan again" in planned.out
    assert repo.run(*APPLY).code == 1
    assert {each for each in before if each[1] == "TXT"} <= route53.held()
    route53.put("example.com.", "TXT", f'"{SPF}"', quoted(value))
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    assert repo.run(*APPLY).code == 0  # DMARC, which waited for the SPF record
    after = repo.run("plan", "--no-live", "--detailed-exitcode")
    assert after.code == 0, after.said


def test_a_listing_without_the_apex_ns_is_only_a_part(
    repo: RepoFolder, route53: Route53, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Route 53 always tells it, so that a page of the listing was lost."""
    really = Route53Provider._load_records
    monkeypatch.setattr(
        Route53Provider,
        "_load_records",
        lambda self, id: [each for each in really(self, id) if each["Type"] != "NS"],
    )
    before = route53.held()
    repo.policy(POLICY)
    planned = repo.run("plan", "--no-live", "--out", "plan.json")
    assert planned.code == 1
    assert (
        "the provider's answer has no NS at example.com, so it is only a part of the zone"
        in planned.out
    )
    assert repo.run(*APPLY).code == 1
    assert route53.held() == before


def test_a_wrong_zone_name_is_not_made(repo: RepoFolder, route53: Route53) -> None:
    repo.policy(POLICY.replace("domain: example.com", "domain: example.net"))
    planned = repo.run("plan", "--no-live")
    assert planned.code == 1
    assert "aws has no zone example.net" in planned.out
    assert len(route53.client.list_hosted_zones()["HostedZones"]) == 1
