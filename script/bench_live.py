"""Live DNS: questions a second of our lookup, of `diff` as a whole, and of dnsperf.

One server on loopback, NSD or else BIND, serves parked names with what their policy says.
BENCH_LIVE sets how many names with records there are (default 4000). Each measure runs three times
in turn, the fastest counts. Processor time is that of the program that asks, without the server's.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy import live_state
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.observe import Wanted
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import server_address
from mailauth_dns.records.name import DomainName

NAMES = int(os.environ.get("BENCH_LIVE", "4000"))
DOMAINS = [f"parked-{number:06}.example" for number in range(NAMES // 4)]
ROUNDS = 3
STARTS_WITHIN = 60.0  # seconds, for a server with many zones
ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
@ IN TXT "v=spf1 -all"
@ IN MX 0 .
_dmarc IN TXT "v=DMARC1; p=reject; sp=reject; np=reject"
*._domainkey IN TXT "v=DKIM1; p="
"""
NSD = """server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""
NSD_ZONE = 'zone:\n  name: "{domain}"\n  zonefile: "{folder}/any.zone"\n'
BIND = """options {{
  directory "{folder}";
  pid-file "{folder}/named.pid";
  session-keyfile "{folder}/session.key";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  recursion no;
}};
controls {{}};
"""
BIND_ZONE = 'zone "{domain}" {{ type master; file "{folder}/any.zone"; }};\n'


class Spent(NamedTuple):
    """Seconds on the clock, and of the processor."""

    wall: float
    processor: float


def build(root: Path, port: int) -> None:
    for folder in ("zones/policy", "server"):
        (root / folder).mkdir(parents=True)
    (root / "zones/policy/parked.txt").write_text("".join(f"{name}\n" for name in DOMAINS))
    (root / "zones/policy/parked.yaml").write_text(
        f'domains_file: parked.txt\nnameservers: ["127.0.0.1:{port}"]\nparked: true\n'
    )
    (root / "server/any.zone").write_text(ZONE)


def program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def serving(folder: Path, server: ServerAddress) -> Iterator[str]:
    """Serve the zones with the first server that is installed, and yield its name."""
    if nsd := program("nsd"):
        name, head, zone = "NSD", NSD, NSD_ZONE
        command = [nsd, "-d", "-c", str(folder / "conf")]
    elif named := program("named"):
        name, head, zone = "BIND", BIND, BIND_ZONE
        command = [named, "-f", "-n", "1", "-c", str(folder / "conf")]
    else:
        sys.exit("neither nsd nor named is installed: script/servers installs them")
    zones = (zone.format(domain=domain, folder=folder) for domain in DOMAINS)
    (folder / "conf").write_text(head.format(port=server.port, folder=folder) + "".join(zones))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(process, server, folder / "log")
            yield name
        finally:
            process.terminate()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], server: ServerAddress, log: Path) -> None:
    last = Question(server, DomainName(DOMAINS[-1]), "TXT")
    until = time.monotonic() + STARTS_WITHIN
    while isinstance(ask([last], timeout=0.2)[last], Unknown):
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"the server does not answer:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def questions(root: Path) -> list[Question]:
    """Return what `diff` asks in this repo."""
    return [
        Question(server_address.parse(publication.nameservers[0]), *key)
        for publication in compile_repo(load_repo(root))
        for key in Wanted(publication.origin, live_state.keys_to_ask(publication, None)).all_keys
    ]


def timed(run: Callable[[], object], who: int) -> Spent:
    def used() -> float:
        usage = resource.getrusage(who)
        return usage.ru_utime + usage.ru_stime

    began, before = time.perf_counter(), used()
    run()
    return Spent(time.perf_counter() - began, used() - before)


def look_up(asked: Sequence[Question]) -> None:
    unknown = sum(isinstance(answer, Unknown) for answer in ask(asked).values())
    if unknown:
        sys.exit(f"{unknown} of {len(asked)} answers are unknown")


def run(*command: str) -> str:
    # As in bench_plan: modules load from byte code.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        sys.exit(f"{command[0]} failed:\n{(ended.stdout + ended.stderr)[-3000:]}")
    return ended.stdout


def measures(root: Path, asked: Sequence[Question]) -> dict[str, Callable[[], Spent]]:
    ours = [str(Path(sys.executable).parent / "mailauth-dns"), "-q", "-C", str(root), "diff"]
    children = resource.RUSAGE_CHILDREN
    found: dict[str, Callable[[], Spent]] = {
        "our lookup": lambda: timed(lambda: look_up(asked), resource.RUSAGE_SELF),
        "diff as a whole": lambda: timed(lambda: run(*ours), children),
    }
    if dnsperf := program("dnsperf"):
        data = root / "questions.txt"
        data.write_text("".join(f"{each.name} {each.type}\n" for each in asked))
        address = ["-s", asked[0].server.address, "-p", str(asked[0].server.port)]
        theirs = [dnsperf, *address, "-d", str(data), "-n", "1"]
        found["dnsperf"] = lambda: timed(lambda: run(*theirs), children)
    return found


def main() -> None:
    gc.set_threshold(1_000_000, 20, 100)  # as the command line does
    with tempfile.TemporaryDirectory(prefix="mailauth-live-") as folder:
        root = Path(folder)
        server = ServerAddress("127.0.0.1", free_port())
        build(root, server.port)
        with serving(root / "server", server) as name:
            asked = questions(root)
            best: dict[str, Spent] = {}
            for _ in range(ROUNDS):
                for what, measure in measures(root, asked).items():
                    spent = measure()
                    best[what] = min(best.get(what, spent), spent)
    show(name, len(asked), best)


def show(server: str, count: int, best: dict[str, Spent]) -> None:
    zones = len(DOMAINS)
    print(f"live DNS: {zones * 4} names in {zones} zones, {count} questions, {server} on loopback")
    print(f"  {'':<18} {'on the clock':>28} {'of the processor':>28}")
    for what, spent in best.items():
        rates = (f"{seconds:8.2f} s {count / seconds:11.0f} a second" for seconds in spent)
        print(f"  {what:<18}", *rates)
    ours = best["our lookup"]
    for what, spent in best.items():
        if spent is not ours:
            clock, processor = (one / other for one, other in zip(ours, spent, strict=True))
            print(f"  our lookup / {what:<15} {clock:15.2f} {processor:28.2f}")


if __name__ == "__main__":
    main()
