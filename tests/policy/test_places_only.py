"""What a plan needs of a policy's tree is there after the rest is left out."""

from __future__ import annotations

from datetime import date

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.errors import PolicyError
from mailauth_dns.plan.policy_permissions import permissions_of
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

DAY = date(2026, 6, 1)
SOUND = {
    "each section": """domain: example.com
ttl: 300
spf:
  terms:
  - mx
  - include:_spf.example.net
  all: fail
dkim:
  selectors:
    s1: {p: MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=, k: ed25519}
    s2:
      cname: s2.keys.example.net
    gone: {state: absent}
  rotation: {grace: 8d}
dmarc:
  p: reject
  ruf: ["mailto:f@sub.example.org"]
  rua:
  - mailto:d@example.com
  - mailto:d@example.net
mta_sts: {mode: testing, mx: [mx.example.com], max_age: 86400}
tls_rpt:
  rua: ["mailto:t@example.com"]
bimi:
  default: {l: "https://example.com/logo.svg"}
  other: absent
allow:
- {rule: DKIM030, reason: meant, until: 2099-01-01}
tests:
- {name: ours, from: a@example.com, ip: 192.0.2.10, expect: {dmarc: pass}}
waivers:
- {rule: SPF046, reason: old, until: 2099-01-31}
senders:
  google: {}
""",
    "nothing is there": "domain: example.com\nspf: absent\ndmarc: absent\nmta_sts: absent\n",
    "parked": 'domains: [example.com, example.net]\nparked: true\ndmarc: {rua: ["mailto:a@b.example"]}\n',
}


@pytest.mark.parametrize("case", SOUND)
def test_what_is_declared_stands_where_it_stood(repo: RepoFolder, case: str) -> None:
    repo.write("zones/policy/_defaults.yaml", "nameservers: ['127.0.0.1:53']\ndmarc: {ruf: null}\n")
    repo.policy(SOUND[case], "a")
    repo.policy("domain: example.org\ndmarc:\n  p: none\n", "org")
    whole, some = (load_repo(repo.root, today=DAY, to_plan=each) for each in (False, True))
    # Places are a part of what is declared, of permissions and of tests.
    assert compile_repo(some) == compile_repo(whole)
    assert permissions_of(some.policies, DAY) == permissions_of(whole.policies, DAY)
    for thin, policy in zip(some.policies, whole.policies, strict=True):
        routes = [("tests", at) for at in range(len(policy.body.tests))]
        assert [*map(thin.place, routes)] == [*map(policy.place, routes)]
        assert (thin.body, thin.declared_at) == (policy.body, policy.declared_at)


WRONG = {
    "no such provider": "domain: example.com\nproviders: [none]\n",
    "a name of another policy": "domain: a.example.org\nzone: example.org\nproviders: [x]\n",
    "declared twice": "domains: [example.org]\n",
    "a field": "domain: example.com\nspf: {all: perhaps}\n",
    "no entry in the lock": "domain: example.com\nspf: {flatten: [_spf.example.net], all: fail}\n",
    "a name that is too long": "domain: example.com\n"
    f'dmarc: {{p: none, rua: ["mailto:a@{".".join(["x" * 60] * 3 + ["x" * 40])}.example.org"]}}\n',
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place(repo: RepoFolder, case: str) -> None:
    repo.policy(WRONG[case], "a")
    repo.policy("domain: example.org\nspf: {all: fail}\n", "org")
    told = []
    for to_plan in (False, True):
        with pytest.raises(PolicyError) as caught:
            compile_repo(load_repo(repo.root, today=DAY, to_plan=to_plan))
        told.append(caught.value.problems)
    assert told[0] == told[1]
