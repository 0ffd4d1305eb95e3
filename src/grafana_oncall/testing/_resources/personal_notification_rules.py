"""Personal notification rules: how users are notified."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.notifications import FakePersonalNotificationRule
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import Check, FieldError, as_bool
from grafana_oncall.testing._server.responses import detail, refused
from grafana_oncall.testing._server.state import FakeUser, Flavour
from grafana_oncall.testing._server.world import World

from .collection import Collection
from .positions import next_position
from .selection import all_of, equal
from .writes import PLACE, Writes, fields, set_fields

_CHANNELS = ("slack", "sms", "phone_call", "telegram", "email", "mobile_app")
_TYPES = (
    "wait",
    *(f"notify_by_{name}" for name in (*_CHANNELS, "mobile_app_critical", "webhook")),
)
_CLOUD_TYPES = ("notify_by_mattermost", "notify_by_msteams")
_DEFAULT = 300
_DURATIONS = (60, _DEFAULT, 900, 1800, 3600)


def _as_type(flavour: Flavour, value: Any) -> str:
    known = _TYPES if flavour == "oss" else _TYPES + _CLOUD_TYPES
    if value not in known:
        raise refused(400, {"type": "Invalid type"})
    return str(value)


def _as_user(world: World, value: Any) -> str:
    if not isinstance(value, str) or value not in world.store(FakeUser):
        raise detail(400, "User does not exist")
    return value


def _as_duration(value: Any) -> int:
    """Return seconds, from those or a text such as `0:05:00`."""
    clock = re.fullmatch(r"(\d+):(\d\d):(\d\d)", value) if isinstance(value, str) else None
    if clock is not None:
        hours, minutes, rest = map(int, clock.groups())
        value = hours * 3600 + minutes * 60 + rest
    if isinstance(value, bool) or not isinstance(value, int):
        raise detail(400, "Invalid duration format")
    if value not in _DURATIONS:
        raise FieldError(f'"{timedelta(seconds=value)}" is not a valid choice.')
    return value


def _checks(world: World) -> dict[str, Check]:
    return {
        "type": partial(_as_type, world.flavour),
        "user_id": partial(_as_user, world),
        "important": as_bool,
        "duration": _as_duration,
        **PLACE,
    }


_READ = fields(_checks, required=("user_id",), fixed=("user_id", "important"))


def _fields(context: Context, item: FakePersonalNotificationRule | None) -> dict[str, Any]:
    body = context.data()
    if item is None and isinstance(body, dict) and "type" not in body:
        raise refused(400, {"type": "Type is required"})
    return _READ(context, item)


def _check(_: Context, item: FakePersonalNotificationRule | None, given: dict[str, Any]) -> None:
    kind = given.get("type", item and item.type)
    if kind != "wait" and "duration" in given:
        raise refused(400, {"duration": "Duration can't be set"})


def _update(context: Context, item: FakePersonalNotificationRule, given: dict[str, Any]) -> None:
    """Keep what is not given; another type resets the duration."""
    changed = given.get("type", item.type) != item.type
    set_fields(context, item, {**({"duration": _DEFAULT} if changed else {}), **given})


def _list_of(rule: FakePersonalNotificationRule) -> tuple[str, bool]:
    return rule.user_id, rule.important


def _show(_: World, rule: FakePersonalNotificationRule) -> dict[str, Any]:
    names = ("position", "id", "user_id", *(("duration",) if rule.type == "wait" else ()))
    return {name: getattr(rule, name) for name in (*names, "important", "type")}


def _order(
    world: World, items: Iterable[FakePersonalNotificationRule]
) -> list[FakePersonalNotificationRule]:
    age = {key: number for number, key in enumerate(world.store(FakeUser))}
    return sorted(items, key=lambda item: (age[item.user_id], item.important, item.position))


def _of_known_user(context: Context) -> Callable[[Any], bool]:
    user = context.last("user_id")
    if user and user not in context.world.store(FakeUser):
        raise detail(400, "User not found.")
    return equal("user_id")(context)


def _of_importance(context: Context) -> Callable[[Any], bool]:
    if "important" not in context.query:
        return lambda _: True
    wanted = context.last("important")
    if wanted not in {"true", "false"}:
        raise detail(400, "Important is not bool")
    return lambda rule: rule.important is (wanted == "true")


PERSONAL_NOTIFICATION_RULES = Collection(
    name="personal_notification_rules",
    kind=FakePersonalNotificationRule,
    show=_show,
    filters=all_of(_of_known_user, _of_importance),
    order=_order,
    needs_user=True,
    writes=Writes(
        prefix="N",
        role="editor",
        fields=_fields,
        check=_check,
        update=_update,
        siblings=_list_of,
    ),
)


class AddPersonalNotificationRules(Additions):
    """Add personal notification rules."""

    @explain_keywords
    def add_personal_notification_rule(
        self,
        user: FakeUser,
        type: str = "notify_by_email",
        *,
        important: bool = False,
        duration: int = _DEFAULT,
        id: str | None = None,
    ) -> FakePersonalNotificationRule:
        """Add a rule at the end of a user's list; `duration`, in seconds, is that of a `wait`."""
        NAME(type=type)
        NAME.or_none(id=id)
        rule = FakePersonalNotificationRule(
            id=id or self._world.ids.new("N"),
            user_id=user.id,
            type=type,
            important=important,
            duration=duration,
        )
        rules = self._world.store(FakePersonalNotificationRule).values()
        rule.position = next_position(
            each.position for each in rules if _list_of(each) == _list_of(rule)
        )
        return self._world.add(rule)
