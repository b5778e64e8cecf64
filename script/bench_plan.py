"""Compile and plan many zones with nothing to change, beside octodns-sync over the same zones.

Prints wall seconds, peak memory in MB and the ratio. Each program runs in its own process, three
times in turn; the fastest run counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ZONES = int(os.environ.get("BENCH_ZONES", "1000"))
ROUNDS = 3

ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
@ IN A 192.0.2.1
@ IN MX 10 mx.example.net.
@ IN TXT "google-site-verification=0123456789abcdef0123456789abcdef0123456789"
www IN CNAME @
"""
POLICY = """domain: {domain}
spf: {{terms: ["ip4:192.0.2.10", "include:_spf.example.net"], all: fail}}
dkim: {{selectors: {{s1: {{p: {key}}}, s2: {{cname: s2.keys.example.net}}}}}}
dmarc: {{p: quarantine, rua: ["mailto:dmarc@example.net"]}}
"""
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy9qfhh+9ngAdCpTVmxy9KHNkgZwSjZsp4NfMV+0zZ0+K"
    "8vVWDpo8/MhfVoemYjpLCASwX7yyufXWMbdRNs3rhiulNpEFhopT2AJyhe9BdcyvR/MEQoa+HMeEE+SCqQ0Z8cgk"
    "XdEQdGhrw807KjAjTlxoQ+gCsvRn1okXJ6OproJrzvfD/ol/RuIcyaGiQl/OG5ZSKpM4SBPyFCDH73T9l9apZ45V"
    "lo6uyoj9tOOAwx9VFn5U98rqMPWoVKPuV+EgrR0DhmVmDKVHMlM/Sc/vHY8JzM5CJLHCsYPm3Rb4AWR4bMcDGNrK"
    "nc2IUcf+0NWPCQkax9S2iNkmCo0AM43PAwIDAQAB"
)
SYNC = """manager: {{max_workers: 1}}
providers:
  policy:
    class: octodns.provider.yaml.YamlProvider
    directory: {source}
    escaped_semicolons: true
  target: {target}
{processors}zones:
  '*': {{sources: [policy], targets: [target]{use}}}
"""


def build(root: Path) -> None:
    for folder in ("zones/policy", "providers", "served"):
        (root / folder).mkdir(parents=True)
    (root / "providers/local.yaml").write_text(
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
    )
    (root / "zones/policy/_defaults.yaml").write_text("providers: [local]\nttl: 3600\n")
    for number in range(ZONES):
        domain = f"d{number}.example"
        (root / f"zones/policy/{domain}.yaml").write_text(POLICY.format(domain=domain, key=KEY))
        (root / f"served/{domain}.zone").write_text(ZONE)


def run(*command: str) -> tuple[float, float]:
    """Return wall seconds and peak memory in MB; the exit code must be 0."""
    begun = time.perf_counter()
    # Modules load from byte code, as those of an installed package do. The first, unmeasured run
    # writes it.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} failed:\n{said.decode(errors='replace')[-3000:]}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return time.perf_counter() - begun, usage.ru_maxrss / unit


def main() -> None:
    bin = Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="mailauth-bench-") as folder:
        root = Path(folder)
        build(root)
        ours = [str(bin / "mailauth-dns"), "-q", "-C", str(root)]
        run(*ours, "compile")
        run(*ours, "plan", "--no-live", "--out", str(root / "plan.json"))
        run(*ours, "apply", str(root / "plan.json"), "--no-live", "--allow", "live-unknown")
        # The same zones whole, for octoDNS alone: its own YAML on both sides, as its users have it.
        whole = root / "whole"
        whole.mkdir()
        dump = (
            "import sys; from pathlib import Path\n"
            "from octodns.provider.yaml import YamlProvider; from octodns.zone import Zone\n"
            "from mailauth_dns.octo import LocalProvider\n"
            "source = LocalProvider('s', directory=sys.argv[1])\n"
            "target = YamlProvider('t', directory=sys.argv[2], escaped_semicolons=True)\n"
            "for path in Path(sys.argv[1]).glob('*.zone'):\n"
            "    zone = Zone(path.stem + '.', set()); source.populate(zone)\n"
            "    plan = target.plan(zone); target.apply(plan)\n"
        )
        run(sys.executable, "-c", dump, str(root / "served"), str(whole))
        yaml_target = (
            "{class: octodns.provider.yaml.YamlProvider, "
            f"directory: {whole}, escaped_semicolons: true}}"
        )
        local = f"{{class: mailauth_dns.octo.LocalProvider, directory: {root / 'served'}}}"
        hands_off = (
            "processors:\n  hands-off: {class: mailauth_dns.octo.HandsOff, "
            f"absent: {root}/zones/compiled/_absent.yaml}}\n"
        )
        (root / "yaml.yaml").write_text(
            SYNC.format(source=whole, target=yaml_target, processors="", use="")
        )
        (root / "local.yaml").write_text(
            SYNC.format(
                source=root / "zones/compiled",
                target=local,
                processors=hands_off,
                use=", processors: [hands-off]",
            )
        )
        jobs = {
            "mailauth-dns compile --check": [*ours, "compile", "--check"],
            "mailauth-dns plan --no-live": [*ours, "plan", "--no-live", "--detailed-exitcode"],
            "octodns-sync, YAML to YAML": [
                str(bin / "octodns-sync"),
                "--quiet",
                f"--config-file={root}/yaml.yaml",
            ],
            "octodns-sync, our files, HandsOff, local": [
                str(bin / "octodns-sync"),
                "--quiet",
                f"--config-file={root}/local.yaml",
            ],
        }
        best: dict[str, tuple[float, float]] = {}
        for _ in range(ROUNDS):
            for name, command in jobs.items():
                seconds, memory = run(*command)
                known = best.get(name, (seconds, memory))
                best[name] = (min(known[0], seconds), max(known[1], memory))
    print(f"{ZONES} zones, nothing to change; best of {ROUNDS} rounds in one run")
    for name, (seconds, memory) in best.items():
        print(f"  {name:<42} {seconds:7.2f} s {memory:7.0f} MB")
    names = list(jobs)
    for name in names[2:]:
        print(
            f"mailauth-dns plan is {best[name][0] / best[names[1]][0]:.1f} times as fast as {name}"
        )


if __name__ == "__main__":
    main()
