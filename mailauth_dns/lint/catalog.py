"""All rules, in one explicit list."""

from __future__ import annotations

from mailauth_dns.lint import dkim, dmarc, spf
from mailauth_dns.lint.rule import Rule

RULES: tuple[Rule, ...] = (
    spf.spf_lookup_limit,
    spf.spf_ptr,
    spf.spf_no_all,
    spf.spf_plus_all,
    spf.spf_neutral_all,
    spf.spf_terms_after_all,
    dkim.dkim_key_material,
    dkim.dkim_rsa_under_1024,
    dkim.dkim_rsa_1024,
    dkim.dkim_h_without_sha256,
    dkim.dkim_ed25519_length,
    dkim.dkim_ed25519_alone,
    dkim.dkim_test_flag,
    dkim.dkim_sign_before_publish,
    dkim.dkim_selector_reuse,
    dmarc.dmarc_unknown_tag,
    dmarc.dmarc_p_missing,
    dmarc.dmarc_removed_tag,
    dmarc.dmarc_rua_missing,
    dmarc.dmarc_sp_weaker,
    dmarc.dmarc_psd_misuse,
)
