"""A fleet of parked names, from the first plan to a plan with nothing to do.

One policy has all names; their zones are master files in one folder. The last plan recalls what
the one before it has kept. Prints wall seconds,
processor seconds and peak memory in MB of each step, the size of the plan file, and the processor
time of a name beside that in the smaller fleet before it. BENCH_FLEET sets how many names, or
several numbers of them (default 1000).
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from pathlib import Path

from bench_plan import run

FLEETS = [int(names) for names in os.environ.get("BENCH_FLEET", "1000").split()]
ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
@ IN A 192.0.2.1
www IN CNAME @
"""


def build(root: Path, fleet: int) -> None:
    for folder in ("zones/policy", "providers", "served"):
        (root / folder).mkdir(parents=True)
    (root / "providers/local.yaml").write_text(
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
    )
    names = [f"parked-{number:06}.example" for number in range(fleet)]
    (root / "zones/policy/parked.txt").write_text("".join(f"{name}\n" for name in names))
    (root / "zones/policy/parked.yaml").write_text(
        "domains_file: parked.txt\nproviders: [local]\nparked: true\n"
    )
    for name in names:
        (root / f"served/{name}.zone").write_text(ZONE)


def processor() -> float:
    """Return the processor seconds of all programs so far: a busy machine does not change them."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(fleet: int, before: dict[str, float]) -> dict[str, float]:
    """Print what each step costs; return the processor seconds for each name."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="mailauth-fleet-") as folder:
        root = Path(folder)
        build(root, fleet)
        os.environ["MAILAUTH_CACHE"] = f"{folder}/cache"
        ours = [str(Path(sys.executable).parent / "mailauth-dns"), "-q", "-C", str(root)]
        plan = root / "plan.json"
        steps = {
            "lint": ["lint"],
            "compile": ["compile"],
            "plan, all is new": ["plan", "--no-live", "--out", str(plan)],
            "apply": ["apply", str(plan), "--no-live", "--allow", "live-unknown"],
            "plan, nothing to do": ["plan", "--no-live", "--detailed-exitcode"],
            "the same once more": ["plan", "--no-live", "--detailed-exitcode"],
        }
        print(f"{fleet} parked names in one policy, zones as master files", flush=True)
        for name, arguments in steps.items():
            begun = processor()
            seconds, memory = run(*ours, *arguments)
            used = processor() - begun
            found[name] = used / fleet
            beside = f"  x{found[name] / before[name]:.2f} a name" if name in before else ""
            print(
                f"  {name:<22} {seconds:7.1f} s {used:7.1f} s {memory:7.0f} MB{beside}", flush=True
            )
        print(f"  the plan file          {plan.stat().st_size / 1e6:7.2f} MB", flush=True)
    return found


def main() -> None:
    found: dict[str, float] = {}
    for fleet in FLEETS:
        found = measure(fleet, found)


if __name__ == "__main__":
    main()
