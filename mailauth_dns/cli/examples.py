"""Examples of each command, for its `--help`, the man page and the docs. A test runs them."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.cli.example import Example
from mailauth_dns.cli.sender_examples import SENDER_EXAMPLES
from mailauth_dns.cli.shard_examples import SHARD_EXAMPLES

# By the command's name; the program itself has none.
EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "": (
        Example("Begin with one domain and its mail server", "mailauth-dns quickstart example.com"),
        Example("Check a policy that you changed", "mailauth-dns lint example.com"),
        Example(
            "See what would change, then do just that",
            "mailauth-dns plan --out plan.json && mailauth-dns apply plan.json",
        ),
    ),
    "quickstart": (
        Example("Answer a few questions, and get each step", "mailauth-dns quickstart example.com"),
        Example(
            "Give all answers, for a web form and OpenDKIM",
            "mailauth-dns quickstart example.com --mail-host mx.example.com --ip 192.0.2.10"
            " --dns registrar --signer opendkim",
        ),
        Example(
            "Begin before the domain is in DNS",
            "mailauth-dns quickstart example.com --no-live",
        ),
    ),
    "init": (
        Example("Make a repo in a new folder", "mailauth-dns init dns"),
        Example("Make one for your own domains alone", "mailauth-dns init --no-example dns"),
        Example("Give a repo that is there GitLab's CI", "mailauth-dns init --ci gitlab"),
    ),
    "import": (
        Example("See the policy that fits live DNS", "mailauth-dns import example.com"),
        Example(
            "Write it, and ask for a selector that nobody would guess",
            "mailauth-dns import example.com --selector mx2026 --write",
        ),
        Example(
            "Read a zone file, not DNS",
            "mailauth-dns import example.com --from-zone served/example.com.zone",
        ),
    ),
    "next": (
        Example("See what to do now, for all domains", "mailauth-dns next"),
        Example("See the whole state of one", "mailauth-dns next example.com"),
        Example(
            "Look for its private keys too",
            "mailauth-dns next example.com --private-dir /etc/opendkim/keys",
        ),
    ),
    "lint": (
        Example("Check every policy", "mailauth-dns lint"),
        Example("Also check DNS, for one domain", "mailauth-dns lint --live example.com"),
        Example(
            "Fail on warnings too, with notes for a pull request",
            "mailauth-dns lint --fail-on warning --format github",
        ),
    ),
    "rules": (
        Example("List all rules", "mailauth-dns rules"),
        Example("Read one rule's page", "mailauth-dns rules SPF010"),
    ),
    "diff": (
        Example("Compare all policies with DNS", "mailauth-dns diff"),
        Example("Compare one, for a program", "mailauth-dns diff example.com --format json"),
    ),
    **SENDER_EXAMPLES,
    **SHARD_EXAMPLES,
    "spf": (
        Example("See where the ten lookups go", "mailauth-dns spf tree example.com"),
        Example("Look at flattened names again", "mailauth-dns spf lock"),
    ),
    "spf tree": (
        Example("See where the ten lookups go", "mailauth-dns spf tree example.com"),
        Example("Give the numbers to a program", "mailauth-dns spf tree example.com --format json"),
    ),
    "spf lock": (
        Example("Resolve flattened names, and write the lock", "mailauth-dns spf lock"),
        Example("See whether the lock is still true", "mailauth-dns spf lock --check"),
    ),
    "compile": (
        Example("Write all files", "mailauth-dns compile"),
        Example("Fail where they are stale, as in CI", "mailauth-dns compile --check"),
        Example(
            "See what each sender of a domain comes to, and why",
            "mailauth-dns compile --check --explain example.com",
        ),
    ),
    "plan": (
        Example("See what would change, for one domain", "mailauth-dns plan example.com"),
        Example("Write the plan, for review and apply", "mailauth-dns plan --out plan.json"),
        Example(
            "See what a fork's pull request would change, without any secret",
            "mailauth-dns plan --live-only --changed-since origin/main",
        ),
    ),
    "apply": (
        Example(
            "Apply the plan that was reviewed, and keep what was done",
            "mailauth-dns apply plan.json --report applied.json",
        ),
        Example("Plan, look at it, say yes", "mailauth-dns apply"),
        Example(
            "Permit what a rule refuses, for one domain",
            "mailauth-dns apply plan.json --allow DKIM030:example.com",
        ),
    ),
    "verify": (
        Example("Ask once", "mailauth-dns verify example.com"),
        Example("Wait for up to ten minutes", "mailauth-dns verify example.com --wait 10m"),
    ),
    "dkim": (
        Example("See all keys, and what comes next", "mailauth-dns dkim status"),
        Example("Make a key", "mailauth-dns dkim keygen example.com --private-dir ~/dkim"),
        Example("Take the next step of a rotation", "mailauth-dns dkim rotate example.com"),
    ),
    "dkim keygen": (
        Example(
            "Make an RSA key, named by the policy",
            "mailauth-dns dkim keygen example.com --private-dir ~/dkim",
        ),
        Example(
            "Make an Ed25519 key with a name of your own",
            "mailauth-dns dkim keygen example.com --selector ed2026 --type ed25519"
            " --private-dir ~/dkim",
        ),
    ),
    "dkim adopt": (
        Example(
            "Take over the key that OpenDKIM signs with",
            "mailauth-dns dkim adopt example.com mail --private-key"
            " /etc/dkimkeys/mail.private --private-dir ~/dkim",
        ),
        Example(
            "Leave the private half where it is",
            "mailauth-dns dkim adopt example.com mail --private-key"
            " /etc/dkimkeys/mail.private --leave",
        ),
    ),
    "dkim status": (
        Example("See all keys, and what comes next", "mailauth-dns dkim status"),
        Example(
            "One domain's, for a program", "mailauth-dns dkim status example.com --format json"
        ),
    ),
    "dkim activate": (
        Example("Let a new key sign, if it may", "mailauth-dns dkim activate example.com"),
        Example(
            "Wait for that, up to two hours", "mailauth-dns dkim activate example.com --wait 2h"
        ),
    ),
    "dkim rotate": (
        Example(
            "Take the next step of all keys of a domain",
            "mailauth-dns dkim rotate example.com --private-dir ~/dkim",
        ),
        Example(
            "Only of its Ed25519 keys",
            "mailauth-dns dkim rotate example.com --type ed25519 --private-dir ~/dkim",
        ),
    ),
    "dkim check": (
        Example(
            "Compare the keys of this host with the policies",
            "mailauth-dns dkim check --private-dir ~/dkim",
        ),
        Example(
            "Say who reads them, where the signing program runs elsewhere",
            "mailauth-dns dkim check example.com --private-dir ~/dkim --owner opendkim",
        ),
    ),
    "export": (
        Example(
            "See the records, to paste into a web form",
            "mailauth-dns export example.com --format paste",
        ),
        Example(
            "Put them where this host's OpenDKIM reads them",
            "mailauth-dns export example.com --format opendkim --install",
        ),
        Example(
            "Compare them with what is installed",
            "mailauth-dns export example.com --format opendkim --check /etc/opendkim",
        ),
    ),
    "test": (
        Example("Run the tests of all policies", "mailauth-dns test"),
        Example("Report them to a CI system", "mailauth-dns test --format junit > tests.xml"),
    ),
    "simulate": (
        Example(
            "Ask what a spoof would meet",
            "mailauth-dns simulate --from ceo@example.com --ip 203.0.113.66",
        ),
        Example(
            "Ask about signed mail, after a plan",
            "mailauth-dns simulate --from alice@example.com --ip 192.0.2.10 --dkim mx2026"
            " --plan plan.json",
        ),
    ),
    "check-message": (
        Example(
            "Judge a message that somebody sent you",
            "mailauth-dns check-message message.eml --ip 192.0.2.10",
        ),
        Example(
            "Read it from another program",
            "mailauth-dns check-message - --ip 192.0.2.10 --helo mx.example.com < message.eml",
        ),
    ),
    "reports": (
        Example("Read a folder of reports", "mailauth-dns reports read reports"),
        Example(
            "Read what parsedmarc wrote",
            "mailauth-dns reports read --parsedmarc aggregate.json",
        ),
    ),
    "reports read": (
        Example("Read all reports in a mailbox", "mailauth-dns reports read ~/Maildir/.dmarc"),
        Example(
            "Read what parsedmarc wrote",
            "mailauth-dns reports read --parsedmarc aggregate.json --parsedmarc smtp_tls.json",
        ),
        Example("Keep what they say in git", "mailauth-dns reports read --write ~/Maildir/.dmarc"),
    ),
    "reports show": (
        Example("Show whose mail receivers saw", "mailauth-dns reports show example.com"),
        Example(
            "Ask for the names of the hosts that sent",
            "mailauth-dns reports show example.com --live",
        ),
        Example(
            "Make a page of the last weeks",
            "mailauth-dns reports show example.com --since 2026-11-01 --format html > mail.html",
        ),
    ),
    "dmarc": (
        Example("See what holds each domain back", "mailauth-dns dmarc status"),
        Example("Take the next step of one", "mailauth-dns dmarc advance example.com"),
    ),
    "dmarc status": (
        Example("See what holds a domain back", "mailauth-dns dmarc status example.com"),
        Example("Read it from another program", "mailauth-dns dmarc status --format json"),
    ),
    "dmarc advance": (
        Example("Take the next step", "mailauth-dns dmarc advance example.com"),
        Example(
            "Let receivers try it first",
            "mailauth-dns dmarc advance example.com --test",
        ),
    ),
    "reports watch": (
        Example("Say what is new since the last time", "mailauth-dns reports watch"),
        Example(
            "Say what became so since a day, for a program",
            "mailauth-dns reports watch --since 2026-11-01 --format json",
        ),
    ),
    "mta_sts": (
        Example("See what blocks mode enforce", "mailauth-dns mta_sts status"),
        Example("Take the step", "mailauth-dns mta_sts advance example.com"),
    ),
    "mta_sts status": (
        Example("See what blocks mode enforce", "mailauth-dns mta_sts status"),
        Example(
            "One domain's, for a program", "mailauth-dns mta_sts status example.com --format json"
        ),
    ),
    "mta_sts advance": (
        Example("Go on to mode enforce, if it may be", "mailauth-dns mta_sts advance example.com"),
        Example(
            "Where the web host has a private address",
            "mailauth-dns mta_sts advance example.com --private-web",
        ),
    ),
    "serve": (
        Example("Serve the zones of providers/local.yaml", "mailauth-dns serve"),
        Example("Serve them as a plan would make them", "mailauth-dns serve --plan plan.json"),
        Example("Take another port, and ask", "mailauth-dns serve --port 5454"),
    ),
    "schema": (
        Example(
            "Give it to your editor",
            "mailauth-dns schema > zones/policy.schema.json",
        ),
        Example("See what a plan file holds", "mailauth-dns schema plan"),
        Example("See what spf tree writes with --format json", "mailauth-dns schema spf tree"),
    ),
    "completion": (
        Example("Try it in this shell", "source <(mailauth-dns completion bash)"),
        Example(
            "Have it in every new bash",
            "mailauth-dns completion bash"
            " > ~/.local/share/bash-completion/completions/mailauth-dns",
        ),
        Example(
            "Have it in every new fish",
            "mailauth-dns completion fish > ~/.config/fish/completions/mailauth-dns.fish",
        ),
    ),
    "help": (
        Example("List all commands", "mailauth-dns help"),
        Example("Read about one", "mailauth-dns help dkim rotate"),
    ),
}
