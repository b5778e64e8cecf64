"""What receivers reported about a domain's mail, kept in git, and what it permits.

Evidence is made from reports (`reports/`), kept in a file for each domain, and read where a policy
is to be tightened. Everything here is pure: text in, values out.
"""
