"""Live DNS for evaluation: what a receiver would be told now.

A zone of the repo is asked at its servers: those that the policy names, else those that it is
delegated to. A cache would tell what was there before, and would keep it for the zone's TTL.
Recursive resolvers are asked for all other names, and where no delegated server answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Alias, Values, follow
from mailauth_dns.evaluate.zone_answers import alias_target
from mailauth_dns.live.delegation import zone_servers
from mailauth_dns.live.lookup import Question, ServerAddress, ServerAnswer, ask
from mailauth_dns.live.recursive_resolvers import ANSWERED, Recursion, Reply, system_resolvers
from mailauth_dns.records import server_address
from mailauth_dns.records.name import DomainName, is_at_or_below, upwards
from mailauth_dns.records.zone import RRKey

MESSAGE_TIME = 20.0  # seconds that DNS may take for one message (RFC 7208 §4.6.4)
_DELEGATED_ASKED = 3  # servers of a zone; when these are silent, a resolver is asked
_DEAF_AFTER = 2  # a server that has never answered is not asked again after so many questions


class _Budget(threading.local):
    """The seconds left for the message that this thread judges."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds


class LiveResolver:
    """Answers from live DNS. Each name and type is asked once.

    It follows aliases itself, so each name of a chain is asked where its zone is served. Threads
    may share it. Each has its own time, and two that want the same at once may both ask.
    """

    def __init__(
        self,
        nameservers: Mapping[DomainName, Sequence[str]] | None = None,
        *,
        resolvers: Sequence[ServerAddress] | None = None,
        timeout: float = 2.0,
        tries: int = 2,
        message_time: float = MESSAGE_TIME,
    ) -> None:
        """Ask `nameservers` for names in their zones, and `resolvers` for all other names.

        A zone with no server given is asked at its delegated servers. `resolvers` None means the
        system's. `timeout` is in seconds for each of the `tries`,
        `message_time` in seconds for all questions of one message.

        Raises:
            RecordSyntaxError: a name server is not an address.
        """
        self.servers = {
            zone: tuple(map(server_address.parse, texts))
            for zone, texts in (nameservers or {}).items()
        }
        self.resolvers = tuple(system_resolvers() if resolvers is None else resolvers)
        self._given = {zone for zone, servers in self.servers.items() if servers}
        self._delegated: dict[DomainName, tuple[ServerAddress, ...]] = {}
        self._recursion = Recursion(self.resolvers, self._ask)
        self._timeout, self._tries = timeout, tries
        self._message_time = message_time
        self._budget = _Budget(message_time)
        self._known: dict[RRKey, Values | Alias | Unknown] = {}
        self._heard: set[ServerAddress] = set()  # servers that have answered
        # Why there was no answer, for servers that have never answered.
        self._unanswered: dict[ServerAddress, list[Unknown]] = {}

    def next_message(self) -> None:
        """Start a new message: its questions have the whole `message_time`."""
        self._budget.left = self._message_time

    def names_servers_for(self, name: DomainName) -> bool:
        """Tell whether a name lies in a zone whose servers were given, so that those are asked."""
        return self._zone_of(name) in self._given

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        """Return the values of one set, sorted.

        Raises:
            ObservationError: no server could tell, or the time for the message is over.
        """
        return follow(self._hop, name, rrtype)

    def addresses(self, host: DomainName) -> tuple[str, ...]:
        """Return a host's addresses. The lookup counts as a message of its own.

        Raises:
            ObservationError: no server could tell.
        """
        self.next_message()
        return tuple(address for kind in ("A", "AAAA") for address in self.lookup(host, kind) or ())

    def _hop(self, name: DomainName, rrtype: str) -> Values | Alias:
        key = (name, rrtype)
        found = self._known.get(key)
        if found is None and key not in self._known:
            if self._budget.left <= 0:
                # Not remembered, because the next message has time again.
                raise ObservationError(
                    f"{name} {rrtype}: "
                    f"the {self._message_time:g} s that DNS may take for a message are over"
                )
            self._known[key] = found = self._found(key)
        if isinstance(found, Unknown):
            raise ObservationError(f"{name} {rrtype}: {found.reason}")
        return found

    def _found(self, key: RRKey) -> Values | Alias | Unknown:
        zone = self._zone_of(key[0])
        reply = self._from_zone(zone, key) if zone is not None else None
        if reply is None:
            reply = self._recursion.lookup([key])[key]
        if isinstance(reply, Unknown):
            return reply
        if reply.rrset is not None:
            return tuple(sorted(reply.rrset.values))
        if reply.cname is not None:
            if len(reply.cname.values) != 1:
                return Unknown(
                    f"{len(reply.cname.values)} CNAME records where one can be (RFC 2181 §10.1)"
                )
            return Alias(alias_target(next(iter(reply.cname.values))))
        return None if reply.nxdomain else ()

    def _zone_of(self, name: DomainName) -> DomainName | None:
        """Return the deepest zone of ours that holds `name`."""
        return next((zone for zone in upwards(name) if zone in self.servers), None)

    def _from_zone(self, zone: DomainName, key: RRKey) -> Reply | None:
        """Return what the servers of `zone` say, or None where resolvers are to be asked."""
        if zone in self._given:
            return self._authoritative(zone, self.servers[zone], key)
        if zone not in self._delegated:
            found = zone_servers([zone], self._recursion)[zone]
            self._delegated[zone] = found.servers[:_DELEGATED_ASKED]
        left = self._budget.left
        reply = self._authoritative(zone, self._delegated[zone], key)
        if not isinstance(reply, Unknown):
            return reply
        # A network may let through what goes to its resolver alone. It is tried once.
        self._delegated[zone] = ()
        self._budget.left = left
        return None

    def _authoritative(
        self, zone: DomainName, servers: Sequence[ServerAddress], key: RRKey
    ) -> Reply | None:
        """Return the first authoritative answer of a server of `zone`.

        None means that the servers delegate the name to others.
        """
        reasons = []
        for server in servers:
            question = Question(server, *key)
            reply = self._ask([question])[question]
            if isinstance(reply, Unknown):
                reasons.append(f"{server}: {reply.reason}")
            elif reply.rcode not in ANSWERED:
                reasons.append(f"{server} answers {reply.rcode}")
            elif (
                (cut := reply.referral) is not None
                and cut.name != zone
                and is_at_or_below(cut.name, zone)
            ):
                return None
            elif not reply.authoritative:
                reasons.append(f"{server} is lame: it answers without authority")
            else:
                return reply
        return Unknown("; ".join(reasons))

    def _ask(self, questions: Iterable[Question]) -> dict[Question, Reply]:
        return {question: self._one(question) for question in questions}

    def _one(self, question: Question) -> Reply:
        """Return one server's reply, and subtract its time from what the message has left."""
        server = question.server
        unanswered = self._unanswered.setdefault(server, [])
        if server not in self._heard and len(unanswered) >= _DEAF_AFTER:
            return Unknown(f"{unanswered[-1].reason}; it is not asked again")
        began = time.monotonic()
        timeout = max(min(self._timeout, self._budget.left / self._tries), 0.001)
        reply = ask([question], timeout=timeout, tries=self._tries)[question]
        self._budget.left -= time.monotonic() - began
        if isinstance(reply, ServerAnswer):
            self._heard.add(server)
        elif server not in self._heard:
            unanswered.append(reply)
        return reply
