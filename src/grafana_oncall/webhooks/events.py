"""Decode the body of a webhook to an event, and the event to changes.

What an event means by its type is in one table, `MEANINGS`: the change that it stands for, whether
a group enters a state by it, and whether its time is its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias, cast

import attrs
import msgspec

from grafana_oncall._codec.converter import BaseValidationError, faults, loads
from grafana_oncall._codec.repair import loads_leniently
from grafana_oncall._core.text import printable
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._generated.models.labels import Label, LabelKey, LabelValue
from grafana_oncall._generated.models.webhooks import EventHeader, EventType, WebhookEvent
from grafana_oncall._validation.arguments import of_type
from grafana_oncall.changes import (
    Acknowledged,
    Change,
    Created,
    Resolved,
    Silenced,
    Unacknowledged,
    Unresolved,
    Unsilenced,
)
from grafana_oncall.errors import NotAnEvent

EventName: TypeAlias = (
    EventType
    | Literal[
        "escalation",
        "alert group created",
        "acknowledge",
        "resolve",
        "silence",
        "unsilence",
        "unresolve",
        "unacknowledge",
        "personal notification",
    ]
)
"""An event type, to register a handler for."""


@attrs.frozen
class Meaning:
    """What an event means by its type."""

    change: Callable[..., Change] | None = None
    """The change that it stands for."""
    enters_state: bool = False
    """Whether the group enters a state: no two of one type without another one in between."""
    is_timed_anew: bool = False
    """Whether its time, on some servers, is that at which the body was built."""


MEANINGS: Final[Mapping[EventType, Meaning]] = {
    EventType.ESCALATION: Meaning(is_timed_anew=True),
    EventType.ALERT_GROUP_CREATED: Meaning(Created),
    EventType.ACKNOWLEDGE: Meaning(Acknowledged, enters_state=True),
    EventType.UNACKNOWLEDGE: Meaning(Unacknowledged, enters_state=True),
    EventType.RESOLVE: Meaning(Resolved, enters_state=True),
    EventType.UNRESOLVE: Meaning(Unresolved, enters_state=True),
    EventType.SILENCE: Meaning(Silenced, enters_state=True),
    EventType.UNSILENCE: Meaning(Unsilenced, enters_state=True),
    EventType.PERSONAL_NOTIFICATION: Meaning(is_timed_anew=True),
}
"""By type; one that this release does not know has none."""

_RENDERED_ANEW: Final = frozenset(
    {
        "alert_group",
        "alert_group_acknowledged_by",
        "alert_group_resolved_by",
        "notified_users",
        "responses",
        "users_to_be_notified",
        "webhook",
    }
)
"""Members of an event that may differ in a repeat, or when another webhook sends it."""


@attrs.frozen(kw_only=True)
class Event(WebhookEvent):
    """Something that happened to an alert group, as an outgoing webhook sends it."""

    raw: bytes = attrs.field(default=b"", repr=False)
    """The body, including members that this release does not know."""

    @property
    def type(self) -> EventType:
        """What happened; a type that this release does not know equals its string."""
        return self.event.type

    @property
    def time(self) -> datetime | None:
        """When it happened; None for the types that are sent without it."""
        return self.event.time

    @property
    def until(self) -> datetime | None:
        """When a silence ends; None if it does not, and for the other types."""
        return self.event.until

    @property
    def occurred_at(self) -> datetime | None:
        """When it happened; None for an event without a time, or with that of this sending.

        A server that gives `escalation` and `personal notification` a time gives a repeat another.
        """
        return None if meaning(self).is_timed_anew else self.time

    @property
    def key(self) -> str:
        """What identifies the event: 64 hexadecimal digits, the same in every process.

        The server's repeats of an event have its key, and so has the same event from another
        webhook: members that the server renders anew do not count. Of an event with a time of its
        own (`occurred_at`), these do: alert group, type, time and end of the silence. Of one
        without, all other members do; so one that happens again later, such as a repeated
        escalation, may have the same key. Remember such a key for a minute at most.
        """
        members = self.alert_group_id, str(self.type), _iso(self.occurred_at), _iso(self.until)
        digest = sha256(msgspec.json.encode(members))
        for member in _stable_members(self.raw) if self.occurred_at is None and self.raw else ():
            digest.update(member)
        return digest.hexdigest()

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the alert group; empty on a server without labels."""
        return dict(_pairs(self.alert_group.labels))

    @property
    def group(self) -> AlertGroup:
        """The alert group as the API returns it, at the time the webhook was sent.

        It may have changed between the event and that.
        """
        members: dict[str, Any] = attrs.asdict(self.alert_group, recurse=False)
        members["labels"] = [
            Label(key=LabelKey(name=key), value=LabelValue(name=value))
            for key, value in self.labels.items()
        ]
        return AlertGroup(**members)

    @property
    def changes(self) -> Sequence[Change]:
        """What `watch` would yield for it, with `before=None`; empty if no state changed."""
        kind = meaning(self).change
        return (
            () if kind is None else (kind(id=self.alert_group.id, before=None, after=self.group),)
        )


def meaning(event: Event) -> Meaning:
    """Return what an event means by its type."""
    return MEANINGS.get(event.type, Meaning())


def _pairs(labels: object) -> Iterator[tuple[str, str]]:
    """Yield labels from an object, as in webhooks, or from a list, as in the API."""
    if isinstance(labels, dict):
        members = cast("dict[str, object]", labels).items()
        yield from ((key, value) for key, value in members if isinstance(value, str))
    for label in cast("list[object]", labels) if isinstance(labels, list) else ():
        match label:
            case {"key": {"name": str(key)}, "value": {"name": str(value)}}:
                yield key, value
            case _:
                pass


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _stable_members(body: bytes) -> Iterator[bytes | msgspec.Raw]:
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    event = msgspec.json.decode(members.pop("event"), type=dict[str, msgspec.Raw])
    event.pop("time", None)
    for where, found in ((b"", members), (b"event", event)):
        for name in sorted(found.keys() - _RENDERED_ANEW):
            yield from (b"\0", where, b"\0", name.encode(), b"\0", found[name])


def group_key(event: WebhookEvent) -> bytes:
    """Return a digest of the alert group's id, short however long the id is."""
    return sha256(event.alert_group_id.encode()).digest()


def parse(body: bytes) -> Event:
    """Decode the body of a webhook request.

    Members and event types that this release does not know are accepted. Members that an event can
    do without, all but `event` and what a group always has, are absent if they have another type
    than documented; `Event.raw` has them.

    Raises:
        NotAnEvent: It is not JSON, or does not have the shape of an event.
        InvalidArgument: It is not bytes.
    """
    return _parsed(body, WebhookEvent)


def outlined(body: bytes) -> Event:
    """Decode a body as `parse` does, but for the alert's payload, which may take long.

    It raises NotAnEvent exactly where `parse` does.
    """
    return _parsed(body, _Outline, alert_payload=None)


def _parsed(body: bytes, cl: type[WebhookEvent], **known: Any) -> Event:
    of_type("body", body, bytes)
    members: dict[str, Any] = attrs.asdict(_decoded(body, cl), recurse=False) | known
    return Event(**members, raw=body)


def _decoded(body: bytes, cl: type[WebhookEvent]) -> WebhookEvent:
    try:
        body.decode()  # msgspec does not check the encoding of unknown members
        return _loads(body, cl)
    except (msgspec.ValidationError, BaseValidationError) as error:
        reason, path = next(faults(error))
        raise NotAnEvent(printable(reason), path=path) from error
    except UnicodeDecodeError as error:
        raise NotAnEvent("it is not UTF-8") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAnEvent(f"it is not JSON ({printable(str(error))})") from error


@attrs.frozen(kw_only=True)
class _Needed:
    """What an event cannot do without: none of it is read as if it were absent."""

    event: EventHeader


@attrs.frozen(kw_only=True)
class _Outline(WebhookEvent):
    """An event whose payload is skipped."""

    alert_payload: msgspec.Raw = attrs.field(default=msgspec.Raw(), hash=False)


def _loads(body: bytes, cl: type[WebhookEvent]) -> WebhookEvent:
    try:
        return loads(body, cl)
    except (msgspec.ValidationError, BaseValidationError):
        loads(body, _Needed)
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    payload = _payload(bytes(members.pop("alert_payload", b"null")))
    event = loads_leniently(msgspec.json.encode(members), WebhookEvent)
    return attrs.evolve(event, alert_payload=payload)


def _payload(text: bytes) -> Any:
    """Decode a payload as Python does: a number that no float can hold is infinite."""
    try:
        return json.loads(text, parse_int=_number)
    except RecursionError:  # it goes a few levels less deep than msgspec, which has accepted it
        return None


def _number(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:  # there are more than Python converts
        return float(digits)
