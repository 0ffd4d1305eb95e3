"""The whole state of a fake as JSON text, and back."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from attrs import fields_dict, frozen

from grafana_oncall.testing._auth import Grant, Role
from grafana_oncall.testing._plain import PlainError, from_plain, members_from_plain, to_plain
from grafana_oncall.testing._quota import Quota
from grafana_oncall.testing._state import FakeAlertGroup, FakeIntegration, FakeUser, Flavour
from grafana_oncall.testing._world import World

T = TypeVar("T", FakeUser, FakeIntegration, FakeAlertGroup)
VERSION = 1
_REFERENCES = ("integration", "root")


@frozen(kw_only=True)
class Options:
    """What a fake was made with, or has been set to since."""

    seed: int
    flavour: Flavour
    token: str
    base_url: str
    grafana_url: str | None
    rate_limit: Quota | None
    delete_delay: timedelta | None
    wipe_delay: timedelta | None
    page_size: int
    latency: timedelta

    @classmethod
    def of(cls, world: World, token: str) -> Options:
        """Those of this world, with its first token."""
        names = fields_dict(cls).keys() - {"token"}
        return cls(token=token, **{name: getattr(world, name) for name in names})


@frozen(kw_only=True)
class SavedGrant:
    """What a token opens; its owner by id."""

    user: str
    role: Role


@frozen(kw_only=True)
class Saved:
    """A document. What is deleted is in it too, as far as something that is not refers to it."""

    version: int
    options: Options
    ids_drawn: int
    user: str
    users: list[FakeUser]
    tokens: dict[str, SavedGrant]
    teams: dict[str, str]
    chains: dict[str, str]
    labels: dict[str, list[str]]
    requests: dict[str, list[datetime]]
    """When each user's requests passed that still count against the rate limit."""
    integrations: list[FakeIntegration]
    deleted_integrations: list[FakeIntegration]
    groups: list[Any]
    deleted_groups: list[Any]


def write(world: World, token: str, user: FakeUser) -> str:
    """The document of this world, with its first token and that one's user, as text."""
    held = [*world.groups.values()]
    groups = _with_roots(held)
    sources = dict.fromkeys(group.integration for group in groups)
    gone = [each for each in sources if world.integrations.get(each.id) is not each]
    _by_id(groups, "groups")
    _by_id([*world.integrations.values(), *gone], "integrations")
    saved = Saved(
        version=VERSION,
        options=Options.of(world, token),
        ids_drawn=world.ids.drawn,
        user=user.id,
        users=[*world.users.values()],
        tokens={
            token: SavedGrant(user=grant.user.id, role=grant.role)
            for token, grant in world.grants.items()
        },
        teams=world.teams,
        chains=world.chains,
        labels={key: sorted(values) for key, values in world.labels.items()},
        requests={user: [*passed] for user, passed in world.throttle.passed.items()},
        integrations=[*world.integrations.values()],
        deleted_integrations=gone,
        groups=[*map(_write_group, held)],
        deleted_groups=[*map(_write_group, groups[len(held) :])],
    )
    # ASCII only: a payload may hold half of a surrogate pair, which no encoding of a file takes.
    return json.dumps(saved, default=to_plain, indent=1) + "\n"


def read(text: str) -> Saved:
    """The document in this text; `ValueError` says in a line what is wrong."""
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise PlainError("", f"this is not JSON: {error}") from error
    if not isinstance(plain, dict) or "version" not in plain:
        raise PlainError("", "this is not the saved state of a fake")
    if plain["version"] != VERSION:
        raise PlainError("version", f"should be {VERSION}, and is {plain['version']!r}")
    saved: Saved = from_plain(Saved, plain)
    return saved


def restore(saved: Saved, world: World) -> FakeUser:
    """Put everything into a world that is still empty; answers the user of its first token."""
    world.ids.drawn = saved.ids_drawn
    world.users = _by_id(saved.users, "users")
    world.grants = {
        token: Grant.of(token, _find(world.users, grant.user, f"tokens.{token}.user"), grant.role)
        for token, grant in saved.tokens.items()
    }
    world.teams, world.chains = saved.teams, saved.chains
    world.labels = {key: set(values) for key, values in saved.labels.items()}
    world.throttle.passed = {user: deque(passed) for user, passed in saved.requests.items()}
    world.integrations = _by_id(saved.integrations, "integrations")
    _restore_groups(saved, world)
    return _find(world.users, saved.user, "user")


def _with_roots(groups: list[FakeAlertGroup]) -> list[FakeAlertGroup]:
    """These, and after them those that they hang on though they are gone."""
    found = dict.fromkeys(groups)
    for group in groups:
        root = group.root
        while root is not None and root not in found:
            found[root], root = None, root.root
    return [*found]


def _write_group(group: FakeAlertGroup) -> dict[str, Any]:
    root = None if group.root is None else group.root.id
    return {**to_plain(group), "integration": group.integration.id, "root": root}


def _restore_groups(saved: Saved, world: World) -> None:
    sources = _by_id([*saved.integrations, *saved.deleted_integrations], "integrations")
    plains = {
        **{f"groups[{number}]": plain for number, plain in enumerate(saved.groups)},
        **{f"deleted_groups[{number}]": plain for number, plain in enumerate(saved.deleted_groups)},
    }
    groups = [_read_group(plain, sources, where) for where, plain in plains.items()]
    known = _by_id(groups, "groups")
    for group, (where, plain) in zip(groups, plains.items(), strict=True):
        if plain.get("root") is not None:
            group.root = _find(known, plain["root"], f"{where}.root")
    for group in groups[: len(saved.groups)]:
        world.groups.add(group)


def _read_group(plain: Any, sources: dict[str, FakeIntegration], where: str) -> FakeAlertGroup:
    own = members_from_plain(FakeAlertGroup, plain, where, but=_REFERENCES)
    source = _find(sources, plain.get("integration"), f"{where}.integration")
    return FakeAlertGroup(integration=source, **own)


def _by_id(items: Iterable[T], where: str) -> dict[str, T]:
    found: dict[str, T] = {}
    for item in items:
        if found.setdefault(item.id, item) is not item:
            raise PlainError(where, f"there are two with the id {item.id!r}")
    return found


def _find(known: dict[str, T], name: Any, where: str) -> T:
    if not isinstance(name, str) or name not in known:
        raise PlainError(where, f"there is no {name!r}")
    return known[name]
