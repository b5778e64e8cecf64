"""Many applies beside a second writer, and many that are killed: values lost, zones wrong.

See script/soak. The servers are real; the second writer changes the very set that we write.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns.cli import main
from mailauth_dns.records.zone import quoted
from tests.lab.bind import Bind
from tests.lab.name_server import NameServer, Record
from tests.lab.powerdns import PowerDns
from tests.lab.zones import HEAD

Server = Bind | PowerDns

ZONE = HEAD + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "MS=ms1"\nwww IN A 192.0.2.1\n'
NO_LIVE = ("--no-live", "--allow", "live-unknown")
TRIES = 30  # of one apply; the second writer is in the way of some
TOKENS = 20  # of the second writer, at a time
PAUSE = 0.5  # seconds at most between two of its writes
STARTED = 0.3  # the part of an apply's time that Python takes to start; nothing is asked in it


class Repo:
    """A zone repo, and its command line."""

    def __init__(self, root: Path, servers: list[Server]) -> None:
        self.root = root
        (root / "zones/policy").mkdir(parents=True)
        (root / "providers").mkdir()
        for server in servers:
            os.environ.update(server.environment)
            lines = (f"{key}: {value}\n" for key, value in server.stanza().items())
            (root / f"providers/{server.id}.yaml").write_text("".join(lines))

    def policy(self, zones: list[str], providers: str, number: int) -> None:
        terms = f'["ip4:192.0.2.{number % 250 + 1}", mx]'
        (self.root / "zones/policy/policy.yaml").write_text(
            f"domains: [{', '.join(zones)}]\nproviders: [{providers}]\n"
            f"spf: {{terms: {terms}, all: fail}}\ndmarc: {{p: none}}\n"
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(["-C", str(self.root), *arguments])
        return code, said.getvalue()

    def applied(self) -> tuple[int, str]:
        """Plan and apply, as a user does after a refusal."""
        code, said = self.run("plan", "--no-live", "--out", "plan.json")
        return self.run("apply", "plan.json", *NO_LIVE) if code == 0 else (code, said)


class SecondWriter(threading.Thread):
    """Adds tokens to the TXT set of the domain, and takes its oldest ones away."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.tokens: list[str] = []
        self.writes = 0
        self.paused = threading.Lock()
        self.done = threading.Event()
        self._random = random.Random(1)

    def run(self) -> None:
        while not self.done.is_set():
            with self.paused:
                self._write()
            time.sleep(self._random.random() * PAUSE)

    def _write(self) -> None:
        added = f"token={self.writes}"
        gone = self.tokens[: max(0, len(self.tokens) - TOKENS + 1)]
        try:
            self.server.exchange(
                "example.com", "example.com", "TXT", 300, set(map(quoted, gone)), {quoted(added)}
            )
        except (OSError, RuntimeError):
            return  # the server was busy with the other writer's change
        self.writes += 1
        self.tokens = [*self.tokens[len(gone) :], added]


@dataclass
class Beside:
    """What came of applies beside a second writer."""

    applies: int = 0
    refused: int = 0  # runs that ended with 1 and were done again
    told: int = 0  # of these, those that said that something may be lost
    lost: int = 0
    undone: int = 0  # ours, which the second writer wrote over with what it had read before
    wrong: int = 0


def beside_a_second_writer(kind: type[Server], applies: int) -> tuple[Beside, int]:
    """Apply so many changes; return what came of it and how often the second writer wrote."""
    with _serving([kind({"example.com": ZONE})]) as (repo, [server]):
        if isinstance(server, PowerDns):
            server.count_serial("example.com", "INCREASE")
        writer = SecondWriter(server)
        writer.start()
        seen = Beside()
        for number in range(applies):
            repo.policy(["example.com"], server.id, number)
            _until_done(repo, seen)
            with writer.paused:
                _count(server, writer, number, seen)
        writer.done.set()
        writer.join()
        return seen, writer.writes


def _until_done(repo: Repo, seen: Beside) -> None:
    seen.applies += 1
    for _ in range(TRIES):
        code, said = repo.applied()
        if code == 0:
            return
        seen.refused += 1
        seen.told += "may be lost" in said
    seen.wrong += 1
    print(f"not done after {TRIES} tries:\n{said}", file=sys.stderr)


def _count(server: Server, writer: SecondWriter, number: int, seen: Beside) -> None:
    values = server.served("example.com", "TXT")
    lost = [token for token in writer.tokens if token not in values]
    seen.lost += len(lost)
    writer.tokens = [token for token in writer.tokens if token in values]
    spf = {value for value in values if value.startswith("v=spf1")}
    if spf != {f"v=spf1 ip4:192.0.2.{number % 250 + 1} mx -all"}:
        if isinstance(server, PowerDns) and len(spf) == 1:
            seen.undone += 1
        else:
            seen.wrong += 1
    if "MS=ms1" not in values:
        seen.wrong += 1


@dataclass
class Killed:
    """What came of applies that were killed."""

    kills: int = 0
    halfway: int = 0  # some zones were written, and some were not
    wrong: int = 0  # zones that are not right after the next run


def killed(kills: int, zones: int) -> Killed:
    """Kill so many applies at random instants, and finish each by another run."""
    names = [f"zone{number}.example" for number in range(zones)]
    servers: list[Server] = [kind(dict.fromkeys(names, ZONE)) for kind in (Bind, PowerDns)]
    with _serving(servers) as (repo, _):
        before = {(server.id, name): server.dump(name) for server in servers for name in names}
        seen, chance, longest = Killed(), random.Random(2), 0.0
        for number in range(kills + 1):
            repo.policy(names, "bind, powerdns", number)
            code, said = repo.run("plan", "--no-live", "--out", "plan.json")
            assert code == 0, said
            begun = time.monotonic()
            process = _apply(repo)
            if number == 0:  # undisturbed, to know how long it takes
                process.wait()
                longest = time.monotonic() - begun
            else:
                time.sleep(chance.uniform(STARTED, 1) * longest)
                process.kill()
                process.wait()
                seen.kills += 1
                seen.halfway += len(set(_right(servers, before, number))) == 2
            _finish(repo)
            seen.wrong += _right(servers, before, number).count(False)
        return seen


def _finish(repo: Repo) -> None:
    """Apply the same plan until it ends well; PowerDNS on SQLite is busy at times."""
    for _ in range(TRIES):
        if repo.run("apply", "plan.json", *NO_LIVE)[0] == 0:
            return


def _apply(repo: Repo) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "apply", "plan.json"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command, *NO_LIVE], stdout=quiet, stderr=quiet)


def _right(
    servers: list[Server], before: dict[tuple[str, str], set[Record]], number: int
) -> list[bool]:
    """Tell of each zone at each server whether it holds what it held before, and ours."""
    spf = f"v=spf1 ip4:192.0.2.{number % 250 + 1} mx -all"
    found = []
    for server in servers:
        for name in server.zones:
            others = {each for each in before[server.id, name] if each[3] != "v=spf1 ~all"}
            ours = {(name, "TXT", 300, spf), (f"_dmarc.{name}", "TXT", 3600, "v=DMARC1; p=none")}
            found.append(server.dump(name) == others | ours)
    return found


@contextlib.contextmanager
def _serving(servers: list[Server]) -> Iterator[tuple[Repo, list[Server]]]:
    started: list[NameServer] = []
    with tempfile.TemporaryDirectory(prefix="mailauth-soak-") as folder:
        try:
            for server in servers:
                started.append(server)
                server.start()
            yield Repo(Path(folder) / "repo", servers), servers
        finally:
            for each in started:
                each.close()


def soak(applies: int, kills: int, zones: int) -> int:
    """Print what came of it; return 1 where a zone is wrong, or BIND lost a value."""
    failed = False
    for kind in (Bind, PowerDns):
        seen, writes = beside_a_second_writer(kind, applies)
        print(
            f"{kind.id}: {seen.applies} applies beside {writes} writes of somebody else: "
            f"values lost {seen.lost}, zones wrong {seen.wrong}\n"
            f"    {seen.refused} runs ended with 1 and were done again; {seen.told} of them said "
            f"that something may be lost; ours was written over {seen.undone} times",
            flush=True,
        )
        failed = failed or bool(seen.wrong) or (kind is Bind and bool(seen.lost))
    ended = killed(kills, zones)
    print(
        f"{ended.kills} applies of {zones} zones at bind and powerdns killed, {ended.halfway} of "
        f"them half-way: zones wrong after the next run {ended.wrong}"
    )
    return 1 if failed or ended.wrong else 0


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:3]]
    applies, kills = numbers + [200, 50][len(numbers) :]
    sys.exit(soak(applies, kills, zones=40))
