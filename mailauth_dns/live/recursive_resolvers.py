"""Recursive resolvers: which ones this machine uses, and what they answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live.lookup import Question, ServerAddress, ServerAnswer
from mailauth_dns.records.zone import RRKey

ANSWERED = ("NOERROR", "NXDOMAIN")  # the rcodes that say something about the name

Reply = ServerAnswer | Unknown
Ask = Callable[[Iterable[Question]], Mapping[Question, Reply]]


def system_resolvers() -> tuple[ServerAddress, ...]:
    """Return the recursive resolvers in this machine's configuration."""
    import dns.resolver  # it takes time to load

    try:
        system = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(
        ServerAddress(address, system.port)
        for address in system.nameservers
        if isinstance(address, str)
    )


class Recursion:
    """Recursive resolvers. Each is asked only what the ones before it could not answer."""

    def __init__(self, resolvers: Sequence[ServerAddress], asking: Ask) -> None:
        self._resolvers = list(resolvers)
        self._asking = asking
        self._dropping = threading.Lock()

    def lookup(self, keys: Iterable[RRKey]) -> dict[RRKey, Reply]:
        """Return the answer for each key; Unknown names every resolver that failed."""
        reasons: dict[RRKey, list[str]] = {key: [] for key in keys}
        found: dict[RRKey, Reply] = {}
        for resolver in tuple(self._resolvers):
            left = [key for key in reasons if key not in found]
            if not left:
                break
            replies = self._asking(Question(resolver, *key, recurse=True) for key in left)
            for question, reply in replies.items():
                key = (question.name, question.type)
                usable = _usable(resolver, reply)
                if isinstance(usable, Unknown):
                    reasons[key].append(usable.reason)
                else:
                    found[key] = usable
            if all(isinstance(reply, Unknown) for reply in replies.values()):
                self._drop(resolver)
        for key, why in reasons.items():
            found.setdefault(
                key,
                Unknown(
                    "; ".join(why)
                    or "this machine has no recursive resolver; name servers in `nameservers`"
                ),
            )
        return found

    def _drop(self, resolver: ServerAddress) -> None:
        """Stop asking a resolver, unless it is the last one.

        Otherwise every round would wait for its timeouts again.
        """
        with self._dropping:
            if len(self._resolvers) > 1 and resolver in self._resolvers:
                self._resolvers.remove(resolver)


def _usable(resolver: ServerAddress, reply: Reply) -> Reply:
    if isinstance(reply, Unknown):
        return Unknown(f"resolver {resolver}: {reply.reason}")
    if reply.rcode not in ANSWERED:
        return Unknown(f"resolver {resolver} answers {reply.rcode}")
    if reply.referral is not None or not (reply.recursion_available or reply.authoritative):
        return Unknown(f"resolver {resolver} does not recurse")
    return reply
