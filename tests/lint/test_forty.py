"""A repo with forty mistakes: one run of lint finds each at its line, and nothing else."""

from __future__ import annotations

import json
import re

from tests.conftest import RepoFolder
from tests.lint.test_cases import KEYS

ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

# Every `# ID` at a line's end is a mistake that lint must find there.
FILES = {
    "example.com": f"""\
domain: example.com
spf:
  terms:
    - ptr # SPF014
    - "ip4:10.0.0.1" # SPF027
    - "ip4:198.0.0.0/8" # SPF028
    - "ip4:192.0.2.10/24" # SPF029
    - "ip4:192.0.2.11" # SPF030
    - "include:servers.mcsv.net" # SPF040
    - "include:amazonses.com" # SPF041
    - "include:_spf.resend.com" # SPF045
    - "include:a.example"
    - "include:a.example" # SPF024
    - "exists:%{{p}}.example.com" # SPF035
    - "redirct=a.example" # SPF008
    - "redirect=a.example" # SPF019
  all: pass # SPF016
dkim:
  selectors:
    lost: {{p: MIIBIjANBg==}} # DKIM006
    small: {{key: rsa512.pem}} # DKIM008
    old: {{key: rsa1024.pem}} # DKIM009
    large: {{key: rsa4096.pem}} # DKIM010
    both: {{key: rsa2048.pem, h: "sha1:sha256"}} # DKIM011
    dead: {{key: rsa2048.pem, h: sha1}} # DKIM012
    short: {{k: ed25519, p: AAAA}} # DKIM013
    other: {{p: "{ED25519}"}} # DKIM015
    trying: {{key: rsa2048.pem, t: y}} # DKIM016
    service: {{key: rsa2048.pem, s: tlsrpt}} # DKIM018
    aged: {{key: rsa2048.pem, seen: 2019-12-01, since: 2020-01-01}} # DKIM028
    kept: {{key: rsa2048.pem, state: retiring, signed_until: 2020-01-01}} # DKIM038
    zendesk1: {{cname: zendesk2._domainkey.zendesk.com}} # DKIM027
    ses: {{cname: ses.dkim.amazonses.com}}
dmarc:
  p: quarantine
  sp: none # DMARC023
  np: reject
  aspf: s # DMARC029
  pct: 100 # DMARC011
  psd: y # DMARC026
  fo: 1 # DMARC035
  rua:
    - "mailto:a@example.com!10m" # DMARC014
    - "https://example.com/dmarc" # DMARC018
    - "mailto:c@example.com" # DMARC017
  other:
    polcy: reject # DMARC008
mta_sts:
  mode: enforce # STS015
  mx: [mx.example.com]
  max_age: 3600 # STS011
bimi:
  default: # BIMI001
    l: "http://example.com/logo.svg" # BIMI003
waivers:
  - {{rule: SPF15, reason: "a typing error", until: 2999-01-01}} # WAIVER003
""",
    "example.net": f"""\
domain: example.net
spf: # SPF015
  terms: ["ip4:192.0.2.10"]
dkim:
  selectors:
    e1: {{k: ed25519, p: "{ED25519}"}} # DKIM014 DKIM033
dmarc: {{rua: ["mailto:d@example.net"]}} # DMARC009
tls_rpt:
  rua:
    - "http://example.net/tls" # TLSRPT003
  other:
    id: 1 # TLSRPT005
""",
    "example.org": """\
domain: example.org
spf: {terms: ["ip4:192.0.2.10"], all: neutral} # SPF017
dmarc: {p: none} # DMARC015
waivers:
  - {rule: SPF016, reason: "over", until: 2020-01-01} # WAIVER001
""",
}
MARK = re.compile(r" # ((?:[A-Z]+[0-9]{3} ?)+)$")


def test_each_of_the_mistakes_is_found_at_its_line(repo: RepoFolder) -> None:
    for key in KEYS.glob("*.pem"):
        repo.write(f"zones/keys/example.com/{key.name}", key.read_bytes())
    expected = set()
    for name, text in FILES.items():
        repo.policy(text, name)
        for number, line in enumerate(text.splitlines(), 1):
            if mark := MARK.search(line):
                expected |= {(f"zones/policy/{name}.yaml", number, id) for id in mark[1].split()}
    assert len({id for _, _, id in expected}) >= 40
    ran = repo.run("lint", "--format", "json")
    assert ran.code == 2
    assert {
        (each["path"], each["line"], each["rule"]) for each in json.loads(ran.out)["findings"]
    } == expected
