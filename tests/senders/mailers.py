"""Made-up senders, one of each return path; tests say `with_mailers(repo)` to have them."""

from __future__ import annotations

from tests.conftest import RepoFolder

_SOURCES = """
sources:
  help: {url: "https://mailer.example/help", read: 2026-11-28, grade: A}
"""
OWN_DOMAIN = f"""
name: Box
kind: mailbox
{_SOURCES}
asks:
  p: {{find: In the console., example: MII, optional: true, source: help}}
return_path: {{class: own-domain, aligns: {{relaxed: yes, strict: yes}}, source: help}}
spf: {{include: _spf.box.example, useful: yes, source: help}}
dkim:
  form: txt-account-key
  selectors: [{{selector: box, p: '{{p}}'}}]
  source: help
recognised_by: {{includes: [_spf.box.example], source: help}}
"""
SUBDOMAIN_CNAME = f"""
name: Bulk
kind: transactional
{_SOURCES}
asks:
  return_path: {{find: In the console., example: em1, source: help}}
  target: {{find: In the console., pattern: '[a-z0-9.]+', example: u1.bulk.example, source: help}}
return_path:
  class: own-subdomain-cname
  at: '{{return_path}}'
  cname: '{{target}}'
  zones: [bulk.example]
  aligns: {{relaxed: yes, strict: no}}
  source: help
dkim:
  form: cname-derived
  selectors:
    - {{selector: s1, cname: '{{selector}}.domainkey.{{target}}'}}
    - {{selector: s2, cname: '{{selector}}.{{dashes}}.bulk.example'}}
  source: help
recognised_by: {{dkim: [bulk.example], return_paths: [bulk.example], source: help}}
"""
SUBDOMAIN_MX_SPF = f"""
name: Cloud
kind: transactional
{_SOURCES}
asks:
  region: {{find: At the top right., pattern: '[a-z]+-[0-9]', example: eu-1, source: help}}
  mail_from: {{find: In the console., example: bounce, source: help}}
  tokens: {{find: In the console., count: 3, example: aaa, source: help}}
return_path:
  class: own-subdomain-mx+spf
  at: '{{mail_from}}'
  mx: [{{preference: 10, exchange: 'feedback.{{region}}.cloud.example'}}]
  spf: ['include:_spf.cloud.example']
  zones: [cloud.example]
  aligns: {{relaxed: yes, strict: no}}
  source: help
spf:
  include: _spf.cloud.example
  useful: no
  why: its return path is a sub-domain of yours, which has the include
  source: help
dkim:
  form: cname-account-token
  selectors: [{{selector: '{{tokens}}', cname: '{{selector}}.dkim.cloud.example'}}]
  source: help
recognised_by: {{includes: [_spf.cloud.example], dkim: [dkim.cloud.example], source: help}}
"""
OWN_TERMS = f"""
name: Hoster
kind: mailbox
{_SOURCES}
asks:
  server: {{find: In the panel., example: www1.hoster.example, source: help}}
  relay: {{find: In the panel., example: r1, optional: true, source: help}}
return_path: {{class: own-domain, aligns: {{relaxed: yes, strict: unknown}}, source: help}}
spf:
  terms: ['a:{{server}}', mx, 'include:{{relay}}.hoster.example']
  useful: yes
  source: help
recognised_by: {{source: help}}
"""
VENDOR_DOMAIN = f"""
name: Letters
kind: marketing
{_SOURCES}
return_path:
  class: vendor-domain
  domain: bounces.letters.example
  aligns: {{relaxed: no, strict: no}}
  source: help
spf:
  include: servers.letters.example
  useful: no
  why: its return path is bounces.letters.example, so it can never align
  source: help
dkim:
  form: cname-fixed
  selectors:
    - {{selector: k2, cname: dkim2.letters.example}}
    - {{selector: k3, cname: dkim3.letters.example}}
  source: help
recognised_by: {{includes: [servers.letters.example], dkim: [letters.example], source: help}}
"""
SUBDOMAIN_NS = f"""
name: Handed
kind: marketing
{_SOURCES}
return_path:
  class: subdomain-ns
  at: send
  ns: [ns1.handed.example, ns2.handed.example]
  aligns: {{relaxed: yes, strict: no}}
  source: help
recognised_by: {{return_paths: [handed.example], source: help}}
"""
WIDE = f"""
name: Wide
{_SOURCES}
asks:
  mail_from: {{find: In the console., example: send, source: help}}
  host: {{find: In the console., example: a.wide.example, source: help}}
return_path:
  class: own-subdomain-mx+spf
  at: '{{mail_from}}'
  spf: ['a:{{host}}']
  zones: [wide.example]
  aligns: {{relaxed: yes, strict: no}}
  source: help
recognised_by: {{return_paths: [wide.example], source: help}}
"""
PICKED = f"""
name: Picked
{_SOURCES}
asks:
  selector: {{find: In the console., example: s1, source: help}}
  target: {{find: In the console., pattern: '[a-z.]+', example: s1.picked.example, source: help}}
return_path: {{class: vendor-domain, aligns: {{relaxed: no, strict: no}}, source: help}}
dkim:
  form: cname-account-token
  selectors: [{{selector: '{{selector}}', cname: '{{target}}'}}]
  source: help
recognised_by: {{dkim: [picked.example], source: help}}
"""
RECOGNISED_ONLY = f"""
name: Only
{_SOURCES}
recognised_by: {{includes: [_spf.only.example], source: help}}
"""
MAILERS = {
    "box": OWN_DOMAIN,
    "bulk": SUBDOMAIN_CNAME,
    "cloud": SUBDOMAIN_MX_SPF,
    "hoster": OWN_TERMS,
    "letters": VENDOR_DOMAIN,
    "handed": SUBDOMAIN_NS,
    "wide": WIDE,
    "picked": PICKED,
    "only": RECOGNISED_ONLY,
}


def with_mailers(repo: RepoFolder) -> RepoFolder:
    """Put the made-up senders into a repo's zones/senders."""
    for sender, text in MAILERS.items():
        repo.write(f"zones/senders/{sender}.yaml", text)
    return repo
