"""The whole state of the fake, and what happens to it as time passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, ascii_uppercase, digits
from threading import RLock
from typing import Any, Protocol, TypeAlias, TypeVar, get_args

import attrs

from grafana_oncall.testing._objects.pages import Paging
from grafana_oncall.testing._objects.references import Fate, references
from grafana_oncall.testing._resources.integration_settings import (
    blank_default_route,
    blank_templates,
)
from grafana_oncall.testing.clock import Clock

from .agenda import Agenda, Name
from .arguments import CALLABLE, COUNT, DELAY, TEXT, WHOLE, Check, one_of
from .auth import Grant
from .index import GroupIndex
from .rate_limit import RateLimit, Throttle
from .state import FakeAlertGroup, FakeIntegration, Flavour, GroupEvent


class Stored(Protocol):
    """An object of a resource."""

    id: str


T = TypeVar("T", bound=Stored)

_UPPER = ascii_uppercase + digits
_MIXED = ascii_letters + digits


@attrs.define
class Ids:
    """Makes ids such as `I68T24C13IFW1`: a letter for the kind, then 12 to 14 characters.

    The next one depends on the seed and the number of ids drawn only, so the state is easy to save.
    """

    seed: int
    drawn: int = 0

    def new(self, kind: str) -> str:
        """Return an id that begins with the letter of its kind, such as `T` for teams."""
        random = self._random()
        return kind + "".join(random.choices(_UPPER, k=random.randint(12, 14)))

    def secret(self) -> str:
        """Return the random part of an integration's link."""
        return "".join(self._random().choices(_MIXED, k=25))

    def pick(self, words: tuple[str, ...]) -> str:
        """Return one of these words."""
        return self._random().choice(words)

    def _random(self) -> Random:
        self.drawn += 1
        return Random(f"{self.seed}-{self.drawn}")  # noqa: S311  # ids must be repeatable; they protect nothing


_FLAVOUR = one_of(get_args(Flavour))
_RATE_LIMIT = Check(
    "a RateLimit, such as RateLimit(requests=300, window=timedelta(minutes=1)),", RateLimit
)
_FACES = (":blush:", ":sunglasses:", ":heart_eyes:", ":smile:", ":wink:", ":innocent:")


def _set_delay(world: World, _: attrs.Attribute[Any], delay: timedelta | None) -> timedelta | None:
    world.groups.reschedule()
    return delay


_CHECK_AND_SET: list[Callable[[Any, attrs.Attribute[Any], Any], Any]] = [
    attrs.setters.validate,
    _set_delay,
]


@attrs.define(kw_only=True)
class World:
    """The state behind the operations; `FakeOnCall` is the public API for it."""

    seed: int = attrs.field(validator=WHOLE.field)
    clock: Clock = attrs.field(validator=CALLABLE.field)
    flavour: Flavour = attrs.field(validator=_FLAVOUR.field)
    base_url: str
    grafana_url: str | None = attrs.field(validator=TEXT.optional_field)
    page_size: int = attrs.field(validator=COUNT.field)
    rate_limit: RateLimit | None = attrs.field(validator=_RATE_LIMIT.optional_field)
    delete_delay: timedelta | None = attrs.field(
        validator=DELAY.optional_field, on_setattr=_CHECK_AND_SET
    )
    wipe_delay: timedelta | None = attrs.field(
        validator=DELAY.optional_field, on_setattr=_CHECK_AND_SET
    )
    latency: timedelta = attrs.field(validator=DELAY.field)
    ids: Ids = attrs.Factory(lambda self: Ids(self.seed), takes_self=True)
    throttle: Throttle = attrs.field(factory=Throttle)
    groups: GroupIndex = attrs.Factory(lambda self: GroupIndex(self.due), takes_self=True)
    stores: dict[type, dict[str, Any]] = attrs.field(factory=dict[type, dict[str, Any]])
    """The objects of each resource but groups: by class, then by id, in order of creation."""
    labels: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])
    grants: dict[str, Grant] = attrs.field(factory=dict[str, Grant])
    paging: Paging = attrs.field(factory=Paging)
    deleted_links: dict[str, datetime] = attrs.field(factory=dict[str, datetime])
    """Until when links with these secrets go on working, though their integrations are deleted."""
    agenda: Agenda[Name] = attrs.field(factory=Agenda[Name])
    due_actions: dict[str, DueAction] = attrs.field(factory=dict[str, "DueAction"])
    """What to do when an entry of the agenda falls due, by the kind of its name."""
    subscribers: list[Subscriber] = attrs.field(factory=list["Subscriber"])
    """Called in turn after each event of a group."""
    _lock: RLock = attrs.field(factory=RLock, init=False, repr=False, eq=False)
    """Held while things happen, because a server on a socket runs in a thread of its own."""

    @property
    def stack_url(self) -> str:
        """The URL of the Grafana stack."""
        return (self.grafana_url or "https://stack.grafana.example").rstrip("/")

    def store(self, kind: type[T]) -> dict[str, T]:
        """Return the objects of this class by id."""
        return self.stores.setdefault(kind, {})

    def add(self, item: T) -> T:
        """Add an object to those of its class."""
        self.store(type(item))[item.id] = item
        return item

    def remove(self, item: Stored) -> None:
        """Remove an object from those of its class, and do what its references ask for."""
        del self.store(type(item))[item.id]
        for owner, store in self.stores.items():
            for name, then in references(owner, type(item)):
                for other in [*store.values()]:
                    self._forget(other, name, then, item.id)

    def _forget(self, owner: Any, name: str, then: Fate, id: str) -> None:
        value = getattr(owner, name)
        if then == "dropped" and id in value:
            setattr(owner, name, [each for each in value if each != id])
        elif value == id and then == "cleared":
            setattr(owner, name, None)
        elif value == id and owner.id in self.stores[owner.__class__]:
            self.remove(owner)

    def apply_due(self) -> datetime:
        """Let everything happen that has fallen due, in order, and return the time."""
        now = self.clock()
        with self._lock:
            while self._advance(now):
                pass
        return now

    def due_in(self) -> timedelta | None:
        """Return how long it takes until something happens by itself; `None` if nothing will."""
        ends = (each.maintenance_end_at for each in self.store(FakeIntegration).values())
        first = min(filter(None, (self.agenda.next_at, self.groups.next_at, *ends)), default=None)
        return None if first is None else first - self.clock()

    def _advance(self, now: datetime) -> bool:
        """Let happen what falls due first, and return whether that was anything."""
        planned = self.agenda.next_at
        is_next = planned is not None and planned <= now
        until = planned if planned is not None and is_next else now
        self._end_maintenances(until)
        if groups := self.groups.due(until):
            self._change_by_themselves(groups)
        elif is_next:
            at, name = self.agenda.pop()
            self.due_actions[name[0]](self, name, at)
        return bool(groups) or is_next

    def _end_maintenances(self, until: datetime) -> None:
        for integration in self.store(FakeIntegration).values():
            if integration.maintenance_end_at and integration.maintenance_end_at <= until:
                self.due_actions["maintenance"](
                    self, ("maintenance", integration.id), integration.maintenance_end_at
                )

    def _change_by_themselves(self, groups: list[FakeAlertGroup]) -> None:
        """Change groups at their times, up to the first entry that this adds to the agenda."""
        for group in groups:
            at, planned = self.due(group), self.agenda.next_at
            if at is None or (planned is not None and planned < at):
                return
            self._expire(group, at)
            self._wipe(group, at)
            self._delete(group, at)

    def publish(self, event: GroupEvent) -> None:
        """Call all subscribers about what has just happened to a group."""
        for subscriber in self.subscribers:
            subscriber(self, event)

    def due(self, group: FakeAlertGroup) -> datetime | None:
        """Return when something will next happen to this group by itself."""
        wiped_at = _done_at(group.wipe_requested_at, self.wipe_delay)
        deleted_at = _done_at(group.delete_requested_at, self.delete_delay)
        return min(filter(None, (group.silenced_until, wiped_at, deleted_at)), default=None)

    def new_integration(self, *, type: str, name: str | None, **fields: Any) -> FakeIntegration:
        """Return a new integration with default templates and route; it is not added yet."""
        return FakeIntegration(
            id=self.ids.new("C"),
            type=type,
            name=name or self._free_name(type),
            secret=self.ids.secret(),
            created_at=self.clock(),
            templates=blank_templates(self.flavour),
            default_route=blank_default_route(self.ids.new("R"), self.flavour),
            **fields,
        )

    def new_group(
        self, *, source: FakeIntegration, started_at: datetime | None, id: str | None = None
    ) -> FakeAlertGroup:
        """Return a new alert group without title and payload; it is not added yet."""
        group_id, started = id or self.ids.new("I"), started_at or self.clock()
        return FakeAlertGroup(
            id=group_id,
            integration=source,
            route_id=source.default_route["id"],
            started_at=started,
            title=None,
            payload={},
            last_alert_id=self.ids.new("A"),
            last_alert_at=started,
            permalinks={
                "slack": None,
                "slack_app": None,
                "telegram": None,
                "web": f"{self.stack_url}/a/grafana-oncall-app/alert-groups/{group_id}",
            },
        )

    def open_group(self, group: FakeAlertGroup) -> FakeAlertGroup:
        """Add a group that has just begun; what follows from a new group begins here."""
        self.groups.add(group)
        self.publish(GroupEvent(type="alert group created", group=group, at=group.started_at))
        return group

    def _free_name(self, type: str) -> str:
        taken = {integration.name for integration in self.store(FakeIntegration).values()}
        stem = f"{type.replace('_', ' ').capitalize()} {self.ids.pick(_FACES)}"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem} {number}"
        return name

    def _expire(self, group: FakeAlertGroup, now: datetime) -> None:
        if group.silenced_until and group.silenced_until <= now:
            was_silenced = group.state == "silenced"
            group.silenced_at = group.silenced_until = None
            if was_silenced:
                self.publish(GroupEvent(type="unsilence", group=group, at=now))

    def _wipe(self, group: FakeAlertGroup, now: datetime) -> None:
        done_at = _done_at(group.wipe_requested_at, self.wipe_delay)
        if done_at is None or done_at > now:
            return
        group.wipe_requested_at = None
        group.wiped_at = group.wiped_at or done_at
        group.title, group.payload = None, {}
        for alert in group.alerts:
            alert.payload = {}
        group.silenced_until = None  # only the end of a silence goes, as on the real server
        group.resolved_at = group.resolved_at or done_at
        self.publish(GroupEvent(type="wipe", group=group, at=now))

    def _delete(self, group: FakeAlertGroup, now: datetime) -> None:
        done_at = _done_at(group.delete_requested_at, self.delete_delay)
        if done_at is None or done_at > now:
            return
        for child in self.groups.attached(group):
            child.root = None
        self.groups.pop(group.id, None)
        self.publish(GroupEvent(type="delete", group=group, at=now))


def _done_at(requested_at: datetime | None, delay: timedelta | None) -> datetime | None:
    # Without a delay there is no worker, and the request waits in the queue.
    return None if requested_at is None or delay is None else requested_at + delay


DueAction: TypeAlias = Callable[[World, Name, datetime], None]
"""Does what an entry of the agenda stands for, at its time."""
Subscriber: TypeAlias = Callable[[World, GroupEvent], None]
"""Is called after each event of a group."""
