"""A provider somewhere else: it takes its time, answers now and then with nothing, and many can be asked at once."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from octodns.provider.yaml import YamlProvider


class Remote(YamlProvider):  # type: ignore[misc] # octoDNS has no types
    """Zones as octoDNS YAML in a folder. Stanza: `pause` seconds an answer takes, and `silent` what gets no answer: `ACT NUMBER[ after]`.

    ACT is read or write, NUMBER how often for each zone; `after` does what was asked all the same.
    """

    asked: ClassVar[Counter[tuple[str, str]]] = Counter()  # act and zone, of all objects
    made = 0
    together = 0  # the most that were being asked at once
    _now = 0
    _lock = threading.Lock()

    def __init__(self, id: str, directory: str, pause: float = 0.0, silent: str = "", **others: Any) -> None:
        self.pause = pause
        act, number, *after = silent.split() or ("", "0")
        self.act, self.number, self.after = act, int(number), bool(after)
        self.busy = False
        Remote.made += 1
        super().__init__(id, directory=directory, escaped_semicolons=True, **others)
        self.log = logging.getLogger("Remote")

    @classmethod
    def forget(cls) -> None:
        cls.asked, cls.made, cls.together = Counter(), 0, 0

    def _answers(self, act: str, zone: str) -> None:
        with Remote._lock:
            assert not self.busy, "one object, two threads"
            self.busy = True
            Remote.asked[act, zone] += 1
            Remote._now += 1
            Remote.together = max(Remote.together, Remote._now)
        time.sleep(self.pause)
        with Remote._lock:
            Remote._now -= 1
            self.busy = False
        if act == self.act and not self.after and Remote.asked[act, zone] <= self.number:
            raise ConnectionResetError("the server hung up")

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self._answers("read", zone.name)
        exists = Path(self.directory, f"{zone.name}yaml").exists()
        super().populate(zone, target=target, lenient=lenient)
        return exists

    def _apply(self, plan: Any) -> None:
        self._answers("write", plan.desired.name)
        super()._apply(plan)
        if self.act == "write" and self.after and Remote.asked["write", plan.desired.name] <= self.number:
            raise ConnectionResetError("the server hung up")
