"""A remote provider: it is slow, sometimes does not answer, and can be asked many times at once."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from octodns.provider.yaml import YamlProvider

from mailauth_dns.errors import SetMoved


class Remote(YamlProvider):  # type: ignore[misc] # octoDNS has no types
    """Zones as octoDNS YAML in a folder.

    The stanza has `pause`, the seconds that an answer takes; `logins`, how many objects there may
    be; `mark`, a file that is made when the provider is asked; `token`, a secret; and `fault`:

    read N, write N     the first N times for each zone there is no answer
    write N after       the same, and what was asked is done
    dies                from the first write of a zone in `zones` on, it is silent about the zone
    down FILE           it is silent about everything while there is this file
    moved               what was asked is done, and then the server says that somebody was faster
    exits               ends the program
    tells               it refuses to write, in words that have the secret in them
    """

    directory: str
    asked: ClassVar[Counter[tuple[str, str]]] = Counter()  # act and zone, of all objects
    made = 0
    together = 0  # the most that were being asked at once
    _now = 0
    _lock = threading.Lock()

    def __init__(
        self,
        id: str,
        directory: str,
        pause: float = 0.0,
        fault: str = "",
        zones: str = "",
        logins: int = 99,
        mark: str = "",
        token: str = "",
        **others: Any,
    ) -> None:
        self.pause, self.fault, self.zones, self.mark = pause, fault, zones.split(), mark
        self.token = token
        self.thread = threading.current_thread()
        with Remote._lock:
            Remote.made += 1
            if Remote.made > logins:
                raise ValueError("logged in already")
        super().__init__(id, directory=directory, escaped_semicolons=True, **others)
        self.log = logging.getLogger("Remote")

    @classmethod
    def forget(cls) -> None:
        cls.asked, cls.made, cls.together = Counter(), 0, 0

    def _has_fault(self, act: str, zone: str, after: bool) -> bool:
        match self.fault.split():
            case ["down", file]:
                return not after and Path(file).exists()
            case [faulty, number, *late]:
                return (
                    faulty == act and bool(late) is after and Remote.asked[act, zone] <= int(number)
                )
            case ["dies"]:
                return (
                    not after
                    and zone.removesuffix(".") in self.zones
                    and Remote.asked["write", zone] > 0
                )
        return False

    def _asked(self, act: str, zone: str) -> None:
        assert threading.current_thread() is self.thread, "made in one thread, used in another"
        with Remote._lock:
            Remote.asked[act, zone] += 1
            Remote._now += 1
            Remote.together = max(Remote.together, Remote._now)
        if self.mark:
            Path(self.mark).touch()
        time.sleep(self.pause)
        with Remote._lock:
            Remote._now -= 1
        if self._has_fault(act, zone, after=False):
            raise ConnectionResetError("the server hung up")

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self._asked("read", zone.name)
        exists = Path(self.directory, f"{zone.name}yaml").exists()
        super().populate(zone, target=target, lenient=lenient)
        return exists

    def _apply(self, plan: Any) -> None:
        zone = plan.desired.name
        self._asked("write", zone)
        if self.fault == "exits":
            raise SystemExit(7)
        if self.fault == "tells":
            raise ValueError(f"the server refuses the token {self.token}")
        self._write(plan)
        if self._has_fault("write", zone, after=True):
            raise EOFError("EOF")
        if self.fault == "moved":
            raise SetMoved(f"{zone}: was faster")

    def _write(self, plan: Any) -> None:
        """Write the zone whole or not at all, as a server does: a kill may come at any time."""
        there = self.directory
        with tempfile.TemporaryDirectory(dir=there) as draft:
            self.directory = draft
            try:
                super()._apply(plan)
            finally:
                self.directory = there
            name = f"{plan.desired.name}yaml"
            Path(draft, name).replace(Path(there, name))
