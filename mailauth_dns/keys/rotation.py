"""The policy's keys beside live DNS, and the edits that take them through their life.

What is written, in this order: the private key, its public half in zones/keys, and last the policy that names it. A run that is
killed in between leaves a key that nothing uses, never a policy without its key.
"""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from mailauth_dns.atomic_files import own_folder, replace_file
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.keys import checks, keypair, lifecycle, policy_edit, private_files
from mailauth_dns.keys.lifecycle import Key, Keys, Sight, Step
from mailauth_dns.keys.policy_edit import Written
from mailauth_dns.policy import selector_edit, yaml_tree
from mailauth_dns.policy.repo import KEY_DIR, Policy, Repo
from mailauth_dns.policy.sections.dkim import DkimSection, SelectorSection
from mailauth_dns.records import dkim
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import RRKey
from mailauth_dns.signing_host import key_owner as owners
from mailauth_dns.signing_host.key_owner import Owner

_LETTERS = (
    "",
    *"bcdefghijklmnopqrstuvwxyz",
)  # behind the template's name when it is taken: several keys a day are rare


@dataclass(frozen=True, slots=True)
class KeyState:
    """One declared selector, what DNS says of it, and what comes next."""

    key: Key
    sight: Sight
    step: Step | None

    @property
    def wrong(self) -> str | None:
        """Why DNS fails signatures with a key in use: it holds another; None where it does not, or nobody knows."""
        if self.key.section.state not in ("active", "retiring") or not self.sight.contradicts:
            return None
        return next(problem.message for problem in checks.of_published(self.key, self.sight))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made, and where its parts are; `public` and `policy` are relative to the repo.

    `wait` is how long every server has to serve it before it signs, if the zone's negative TTL is not longer.
    """

    domain: DomainName
    selector: str
    type: KeyType
    private: Path
    public: Path
    policy: Path
    wait: timedelta
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation wrote, what it could not do yet, and what kept it from ending; None where it came to its end."""

    written: tuple[Written, ...]
    made: tuple[NewKey, ...]
    waiting: tuple[str, ...]
    problem: str | None = None


def look(policies: Iterable[Policy], now: datetime) -> tuple[KeyState, ...]:
    """Ask the authoritative servers for every key that the policies declare."""
    pairs, observations = observed(policies)
    return _states(
        pairs,
        {key.name: lifecycle.sight(key, observations[policy.zone]) for policy, key in pairs},
        now,
    )


def _states(
    pairs: Sequence[tuple[Policy, Key]], sights: Mapping[DomainName, Sight], now: datetime
) -> tuple[KeyState, ...]:
    beside: dict[DomainName, dict[str, tuple[Key, Sight]]] = {}
    for _, key in pairs:
        beside.setdefault(key.domain, {})[key.selector] = (key, sights[key.name])
    found = []
    for policy, key in pairs:
        step = lifecycle.next_step(
            key, sights[key.name], _section(policy).rotation, now, beside[key.domain]
        )
        found.append(KeyState(key, sights[key.name], step))
    return tuple(found)


def remarks(states: Iterable[KeyState]) -> list[str]:
    """Return what there is to say of keys of one domain and type taken together."""
    waiting: dict[tuple[DomainName, str], list[str]] = {}
    for state in states:
        key = state.key
        if key.ours and key.section.state == "pending" and key.public is not None:
            waiting.setdefault((key.domain, key.public.k), []).append(key.selector)
    return [
        lifecycle.several_pending(selectors, type, domain)
        for (domain, type), selectors in waiting.items()
        if len(selectors) > 1
    ]


def observed(
    policies: Iterable[Policy],
) -> tuple[list[tuple[Policy, Key]], Mapping[DomainName, Observation]]:
    """Return every key that the policies declare, and what the authoritative servers of their zones say."""
    from mailauth_dns.live.observe import (
        Wanted,
        observe,
    )  # dnspython takes time to load; only live DNS needs it

    pairs = [(policy, key) for policy in policies for key in lifecycle.keys_of(policy)]
    questions: dict[DomainName, set[RRKey]] = {}
    servers: dict[DomainName, tuple[str, ...]] = {}
    for policy, key in pairs:
        questions.setdefault(policy.zone, set()).update(key.questions)
        servers[policy.zone] = policy.body.nameservers
    return pairs, observe(
        [Wanted(zone, frozenset(asked), servers[zone]) for zone, asked in questions.items()]
    )


def _section(policy: Policy) -> DkimSection:
    return policy.body.dkim or DkimSection()


def again(
    states: Iterable[KeyState], policies: Iterable[Policy], now: datetime
) -> tuple[KeyState, ...]:
    """Return what was seen beside the policies as they are now; nothing is asked again."""
    pairs = [(policy, key) for policy in policies for key in lifecycle.keys_of(policy)]
    return _states(pairs, {state.key.name: state.sight for state in states}, now)


def record_sightings(
    repo: Repo, policies: Sequence[Policy], states: Sequence[KeyState], now: datetime
) -> tuple[tuple[Written, ...], tuple[str, ...]]:
    """Write `seen` for keys that every server was found to serve for the first time; return what was written, and what could not be.

    A selector of a file that several domains share is seen when it is seen for all of them.
    """
    by_domain = {policy.domain: policy for policy in policies}
    of_path = {policy.path: policy for policy in policies}
    said: dict[str, dict[str, list[Keys | None]]] = {}  # path, selector
    for state in states:
        policy = by_domain[state.key.domain]
        if (name := spelling(policy, state.key.selector)) is not None:
            said.setdefault(policy.path, {}).setdefault(name, []).append(
                lifecycle.sighting(state.key, state.sight, now)
            )
    sharing = Counter(policy.path for policy in repo.policies)
    written: list[Written] = []
    problems: list[str] = []
    for path, selectors in said.items():
        changes = {
            selector: each[0]
            for selector, each in selectors.items()
            if each[0] is not None and each.count(each[0]) == sharing[path]
        }
        try:
            written += policy_edit.write(repo.root, of_path[path], changes)
        except MailAuthError as error:
            problems.append(str(error))
    return tuple(written), tuple(problems)


def spelling(policy: Policy, selector: str) -> str | None:
    """Return the selector as the policy's own file writes it; None where it is inherited."""
    selectors = yaml_tree.follow(policy.root, ("dkim", "selectors"))[0]
    assert isinstance(selectors, yaml_tree.Mapping)
    found = next(
        (name, place) for name, place in selectors.keys.items() if domain_name(name) == selector
    )
    return found[0] if found[1].source.path == policy.path else None


def keygen(
    repo: Repo,
    policy: Policy,
    type: KeyType,
    bits: int,
    selector: str | None,
    folder: Path,
    now: datetime,
    owner: Owner | None,
) -> NewKey:
    """Make a key and add it to the policy as pending; `bits` is the size of an RSA key, `owner` the user that root gives it to.

    Raises:
        MailAuthError: the policy is shared or parked, the selector is taken, a file cannot be written, or the owner not be given it.
    """
    check_editable(repo, policy)
    private_files.refuse_inside(folder, repo.root)
    public_folder = public_folder_of(repo, policy)
    name = _free_selector(policy, type, selector, folder, public_folder, now)
    keys = {"key": f"{name}.pem", "state": "pending", "since": lifecycle.moment(now)}
    edited = partial(selector_edit.with_selector, policy.path, selector=name, keys=keys)
    policy_edit.tried(
        edited, policy_edit.read(repo.root, policy.path)
    )  # for a policy that has no place for it no key is made
    heir, remark = owners.heir(folder / policy.domain, owner)
    try:
        public_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MailAuthError(f"{error.filename}: {error.strerror}") from None
    pair = keypair.generate(type, bits)
    private = private_files.write(folder, repo.root, policy.domain, name, pair, heir)
    public = public_folder / f"{name}.pem"
    with policy_edit.alone(repo.root, policy.path):
        if os.path.lexists(public):
            raise MailAuthError(
                f"{public}: another run has made a key of this name meanwhile; {private} is used by nothing: delete it"
            )
        try:
            write_public(public, pair.public_pem)
            policy_edit.edit(repo.root, policy.path, edited)
        except MailAuthError as error:
            raise MailAuthError(
                f"{error}\n{private} is made: {_way_on(policy, name, private, public)}"
            ) from None
    waiting = [
        key.selector
        for key in lifecycle.keys_of(policy)
        if key.section.state == "pending" and key.is_own(type)
    ]
    several = lifecycle.several_pending([*waiting, name], type, policy.domain) if waiting else ""
    told = tuple(filter(None, (remark, several)))
    wait = timedelta(seconds=policy.body.ttl or DEFAULT_TTL)
    return NewKey(
        policy.domain,
        name,
        type,
        private,
        public.relative_to(repo.root),
        Path(policy.path),
        wait,
        told,
    )


def _way_on(policy: Policy, selector: str, private: Path, public: Path) -> str:
    """Return what can be done with a private key that is there and that the policy does not name."""
    return (
        f"{policy.path} does not name it; to use it, write its public half (openssl pkey -in {private} -pubout -out {public}) and "
        f"`{selector}: {{key: {selector}.pem, state: pending}}` in dkim.selectors; or delete it, with the files of its name in both folders"
    )


def write_public(public: Path, pem: bytes) -> None:
    """Write the public half of a key, and wait until the disk has it.

    Raises:
        MailAuthError: it cannot be written.
    """
    try:
        replace_file(public, pem, durable=True)
    except OSError as error:
        raise MailAuthError(f"{error.filename or public}: {error.strerror}") from None


def public_folder_of(repo: Repo, policy: Policy) -> Path:
    """Return where the public keys of a policy's domain are.

    Raises:
        MailAuthError: a link leads out of the repo.
    """
    try:
        own_folder(repo.root, KEY_DIR / policy.domain)
    except OSError as error:
        raise MailAuthError(f"{error.filename}: {error.strerror}") from None
    return repo.root / KEY_DIR / policy.domain


def check_editable(repo: Repo, policy: Policy) -> None:
    """Refuse a policy that cannot get a key of its own.

    Raises:
        MailAuthError: several domains share it, or it is parked.
    """
    sharing = [other.domain for other in repo.policies if other.path == policy.path]
    if len(sharing) > 1:
        raise MailAuthError(
            f"{policy.path} is the policy of {len(sharing)} domains, each of which would have to have the key; "
            f"give {policy.domain} a policy of its own"
        )
    if policy.body.parked:
        raise MailAuthError(
            f"{policy.path}: {policy.domain} is parked and sends no mail; take `parked` out first"
        )


def _free_selector(
    policy: Policy,
    type: KeyType,
    named: str | None,
    folder: Path,
    public_folder: Path,
    now: datetime,
) -> str:
    declared = _section(policy).selectors

    def there(name: str) -> list[Path]:
        private = private_files.path_of(folder, policy.domain, name)
        return [
            path
            for path in (private, private_files.seed_of(private), public_folder / f"{name}.pem")
            if os.path.lexists(path)
        ]

    if named is not None:
        name = checked_selector(named, policy.domain)
        if name in declared:
            raise MailAuthError(
                f"{policy.path} declares {name} already; a new key needs a new selector"
            )
        if found := there(name):
            said = f"{found[0]} is there already; a new key needs a new selector"
            if found[0] == (
                private := private_files.path_of(folder, policy.domain, name)
            ):  # as a run leaves it that is cut off
                private_files.sweep_folder(private.parent)
                said = f"{said}; {_way_on(policy, name, private, public_folder / f'{name}.pem')}"
            raise MailAuthError(said)
        return name
    filled = (
        _section(policy)
        .selector_template.replace("{date}", f"{now:%Y%m%d}")
        .replace("{type}", type)
    )
    for letter in _LETTERS:
        name = checked_selector(filled + letter, policy.domain)
        if name not in declared and not there(name):
            return name
    raise MailAuthError(
        f"{policy.domain}: {filled} and its letters are all taken; name one with --selector"
    )


def checked_selector(selector: str, domain: DomainName) -> str:
    """Return a selector in its one spelling.

    Raises:
        MailAuthError: it is none, or too long for the domain; a text that may be a pasted key is not shown.
    """
    # What is longer than a selector may be a private key that was pasted: an Ed25519 one has 44 characters.
    shown = selector if len(selector) <= 40 else f"of {len(selector)} characters"
    try:
        name = domain_name(selector)
    except RecordSyntaxError as error:
        raise MailAuthError(
            f"selector {shown}: {error if shown == selector else error.expected}"
        ) from None
    if "*" in name or len(dkim.owner_name(name, domain)) > 253:
        raise MailAuthError(
            f"selector {shown}: one or more labels such as mx2026, short enough for a name of 253 octets"
        )
    return name


def rotate(
    repo: Repo,
    policy: Policy,
    types: Sequence[KeyType],
    bits: int,
    private_dir: Path | None,
    now: datetime,
    owner: Owner | None,
) -> Rotated:
    """Write the next step of the domain's keys into its policy, each type on its own.

    `types` limits it to these; none is every type of which the policy has a key, RSA where it has no key yet. New keys are made when
    nothing is under way, and where types are named also for one whose turn a run before did not come to. `private_dir` is where their
    private halves go, and is looked at only then; `owner` is whom root gives them to.

    Raises:
        MailAuthError: nothing was written: the policy is shared or parked, or cannot be written; a new key is the next step and has no
            folder to be kept in, or is the first that cannot be made.
    """
    check_editable(repo, policy)
    states = look([policy], now)
    changes: dict[str, dict[str, str | None]] = {}
    pairs: dict[str, tuple[Key, Sight]] = {}
    for state in states:
        key = state.key
        if (
            spelling(policy, key.selector) is not None
            and (seen := lifecycle.sighting(key, state.sight, now)) is not None
        ):
            changes[key.selector] = dict(seen)
            key = lifecycle.with_sighting(key, seen)
        pairs[key.selector] = (key, state.sight)
    settings = _section(policy).rotation
    found = {
        type: lifecycle.rotation_of(type, pairs, settings, now) for type in types or _types(pairs)
    }
    for rotation in found.values():
        for selector, keys in rotation.edits.items():
            changes.setdefault(selector, {}).update(keys)
    # To ask again whether one type may go on must not begin a rotation of the other.
    new = [type for type, rotation in found.items() if rotation.new_key]
    if len(new) < len(found):
        new = _left_out(new, found, pairs) if types else []
    folder = private_files.folder(private_dir, repo.root) if new else Path()
    # An inherited selector keeps its name here, and the edit is refused: it is not this file's to change.
    written = policy_edit.write(
        repo.root,
        policy,
        {spelling(policy, selector) or selector: keys for selector, keys in changes.items()},
    )
    made: list[NewKey] = []
    problem = None
    for number, type in enumerate(new):
        try:
            made.append(keygen(repo, policy, type, bits, None, folder, now, owner))
        except MailAuthError as error:
            if not written and not made:
                raise
            missing = " ".join(f"--type {each}" for each in new[number:])
            problem = f"{error}\nwhat stands above is done; `mailauth-dns dkim rotate {policy.domain} {missing}` makes what is missing"
            break
    return Rotated(
        written,
        tuple(made),
        tuple(text for rotation in found.values() for text in rotation.waiting),
        problem,
    )


def _left_out(
    idle: Sequence[KeyType], types: Iterable[KeyType], pairs: Mapping[str, tuple[Key, Sight]]
) -> list[KeyType]:
    """Return which of the types a run that began with the others did not come to: it made their keys, and these types' are older."""

    def sections(type: KeyType) -> list[SelectorSection]:
        return [key.section for key, _ in lifecycle.of_type(type, pairs).values()]

    others = [section for type in types if type not in idle for section in sections(type)]
    begun = [
        section.since
        for section in others
        if section.state == "pending" and section.since is not None
    ]
    if not begun or any(section.state == "retiring" for section in others):
        return []
    return [
        type
        for type in idle
        if all(section.since is None or section.since <= min(begun) for section in sections(type))
    ]


def _types(pairs: Mapping[str, tuple[Key, Sight]]) -> list[KeyType]:
    own = [key for key, _ in pairs.values() if key.ours and key.public is not None]
    return [
        type for type in KeyType if any(key.public and key.public.k == type for key in own)
    ] or [KeyType.RSA]
