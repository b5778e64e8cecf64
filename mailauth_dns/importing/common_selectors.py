"""Names that mail services and servers give their DKIM selectors.

DNS cannot be asked which selectors there are (RFC 6376 §3.1), so import tries these.
"""

_NAMES = """
default dkim dkim1 mail mx smtp email key1 key2 s1 s2 s1024 s2048 selector rsa ed25519
selector1 selector2 google k1 k2 k3 mandrill mte1 mte2 sig1 fm1 fm2 fm3 mesmtp pm pic
protonmail protonmail2 protonmail3 zoho zmail zendesk1 zendesk2 sendgrid smtpapi m1 m2
mailo mailjet krs mg mxvault cm scph0316 everlytickey1 everlytickey2 hs1 hs2 turbo-smtp dk
titan1 brevo1 brevo2 ctct1 ctct2 litesrv ml mailpoet1 mailpoet2 postal stalwart modoboa
mailcow x
"""

COMMON_SELECTORS = tuple(_NAMES.split())
