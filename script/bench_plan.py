"""Compile and plan many zones with nothing to change, beside octodns-sync over the same zones.

Plan runs without a cache, with a cold one, and with a warm one where one policy changed. Prints
wall and CPU seconds, peak memory in MB and the ratios. Each program runs in its own process, in
turn, BENCH_ROUNDS times; the fastest run counts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ZONES = int(os.environ.get("BENCH_ZONES", "1000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
COLD, WARM = "plan --no-live, cold cache", "plan --no-live, warm, one policy changed"
SYNC_OURS = "octodns-sync, our files, HandsOff, local"

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
    seconds, _, memory = measured(*command)
    return seconds, memory


def measured(*command: str) -> tuple[float, float, float]:
    """Return wall and CPU seconds, and peak memory in MB; the exit code must be 0."""
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
    spent = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - begun, spent, usage.ru_maxrss / unit


def main() -> None:
    bin = Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="mailauth-bench-") as folder:
        root = Path(folder)
        build(root)
        ours = [str(bin / "mailauth-dns"), "-q", "-C", str(root)]
        run(*ours, "compile")
        run(*ours, "plan", "--no-live", "--out", str(root / "plan.json"))
        allowed = ["--allow", "live-unknown", "--allow", "DMARC032"]
        run(*ours, "apply", str(root / "plan.json"), "--no-live", *allowed)
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
        plan = [*ours, "plan", "--no-live", "--detailed-exitcode"]
        cache = root / "cache"
        os.environ["MAILAUTH_CACHE"] = str(cache)
        jobs = {
            "compile --check": [*ours, "compile", "--check"],
            "plan --no-live --no-cache": [*plan, "--no-cache"],
            COLD: plan,
            WARM: plan,
            "octodns-sync, YAML to YAML": [
                str(bin / "octodns-sync"),
                "--quiet",
                f"--config-file={root}/yaml.yaml",
            ],
            SYNC_OURS: [
                str(bin / "octodns-sync"),
                "--quiet",
                f"--config-file={root}/local.yaml",
            ],
        }
        best: dict[str, tuple[float, float, float]] = {}
        for number in range(ROUNDS):
            for name, command in jobs.items():
                if name == COLD:
                    shutil.rmtree(cache, ignore_errors=True)
                elif name == WARM:
                    # Its record stays what it is: octodns-sync has nothing to change either.
                    with (root / "zones/policy/d0.example.yaml").open("a") as policy:
                        policy.write(f"# round {number}\n")
                best[name] = _better(best.get(name), measured(*command))
    print(f"{ZONES} zones, nothing to change; best of {ROUNDS} rounds in one run")
    for name, (seconds, spent, memory) in best.items():
        print(f"  {name:<42} {seconds:7.2f} s {spent:7.2f} s CPU {memory:7.0f} MB")
    for name in (COLD, WARM):
        for other in list(jobs)[-2:]:
            ratio, of_cpu = (best[other][at] / best[name][at] for at in (0, 1))
            print(f"{name} is {ratio:.1f} times as fast as {other} ({of_cpu:.1f} by CPU)")


def _better(
    known: tuple[float, float, float] | None, now: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return the shortest times and the largest memory."""
    if known is None:
        return now
    return min(known[0], now[0]), min(known[1], now[1]), max(known[2], now[2])


if __name__ == "__main__":
    main()
