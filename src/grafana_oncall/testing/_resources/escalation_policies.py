"""Escalation policies: the steps of escalation chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from grafana_oncall.testing._objects.chat import FakeUserGroup
from grafana_oncall.testing._objects.escalation import FakeEscalationChain, FakeEscalationPolicy
from grafana_oncall.testing._objects.schedules import FakeSchedule
from grafana_oncall.testing._objects.webhooks import FakeWebhook
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import (
    Check,
    as_bool,
    as_text,
    integer,
    nullable,
    related,
    related_ids,
    text,
)
from grafana_oncall.testing._server.responses import crashed, detail
from grafana_oncall.testing._server.state import FakeTeam, FakeUser, Flavour
from grafana_oncall.testing._server.time_fields import as_time_utc, seconds
from grafana_oncall.testing._server.world import World

from .collection import Collection
from .positions import LARGEST
from .selection import equal
from .writes import PLACE, Writes, fields, put_last

_QUEUE = "notify_person_next_each_time"
_PERSONS = ("persons_to_notify", "persons_to_notify_next_each_time")
_MEMBERS: dict[str | None, tuple[str, ...]] = {
    None: (),
    "wait": ("duration",),
    "notify_persons": ("persons_to_notify", "important"),
    _QUEUE: ("persons_to_notify_next_each_time", "important"),
    "notify_on_call_from_schedule": ("notify_on_call_from_schedule", "important"),
    "notify_next_on_call_from_schedule": ("notify_on_call_from_schedule", "important"),
    "notify_user_group": ("group_to_notify", "important"),
    "notify_team_members": ("team_to_notify", "important"),
    "trigger_webhook": ("action_to_trigger",),
    "notify_if_time_from_to": ("notify_if_time_from", "notify_if_time_to"),
    "notify_if_num_alerts_in_window": ("num_alerts_in_window", "num_minutes_in_window"),
    "notify_whole_channel": (),
    "resolve": (),
    "repeat_escalation": (),
    "declare_incident": ("severity",),
}
"""The members of each type, in the order of responses."""
_NOT_ON_OSS = {
    "notify_whole_channel": ": step is Slack-specific",
    "declare_incident": ": step is not enabled",
    "notify_next_on_call_from_schedule": "",
}


def _as_type(flavour: Flavour, value: Any) -> str | None:
    if value is None or (value != "" and as_text(value) in _MEMBERS):
        if flavour == "oss" and value in _NOT_ON_OSS:
            raise detail(400, f"Invalid escalation step type{_NOT_ON_OSS[value]}")
        return None if value is None else str(value)
    as_text(value)  # which says that it is blank
    raise detail(400, "Invalid escalation step type")


def _checks(world: World) -> dict[str, Check]:
    users, number = related_ids(world.store(FakeUser)), nullable(integer(0, LARGEST))
    return {
        "escalation_chain_id": related(world.store(FakeEscalationChain)),
        "type": partial(_as_type, world.flavour),
        "duration": nullable(seconds(60, 86400)),
        "important": as_bool,
        **dict.fromkeys(_PERSONS, users),
        "notify_on_call_from_schedule": related(world.store(FakeSchedule)),
        "team_to_notify": related(world.store(FakeTeam)),
        "group_to_notify": related(world.store(FakeUserGroup)),
        "action_to_trigger": related(world.store(FakeWebhook)),
        **dict.fromkeys(("notify_if_time_from", "notify_if_time_to"), as_time_utc),
        **dict.fromkeys(("num_alerts_in_window", "num_minutes_in_window"), number),
        "severity": nullable(text(512)),
        **PLACE,
    }


def _attribute(member: str) -> str:
    return "persons" if member in _PERSONS else member


def _is_hidden(world: World, policy: FakeEscalationPolicy) -> bool:
    """Whether the server has a step that its API has no name for."""
    return world.flavour == "oss" and policy.important and policy.type == _QUEUE


def _visible(context: Context) -> Callable[[FakeEscalationPolicy], bool]:
    return lambda policy: not _is_hidden(context.world, policy)


def _show(world: World, policy: FakeEscalationPolicy) -> dict[str, Any]:
    if _is_hidden(world, policy):
        raise crashed()
    shown = ("position", "id", "escalation_chain_id", "type", *_MEMBERS[policy.type])
    return {name: getattr(policy, _attribute(name)) for name in shown}


def _order(world: World, items: Iterable[FakeEscalationPolicy]) -> list[FakeEscalationPolicy]:
    age = {key: number for number, key in enumerate(world.store(FakeEscalationChain))}
    return sorted(items, key=lambda item: (age[item.escalation_chain_id], item.position))


def _create(context: Context, given: dict[str, Any]) -> FakeEscalationPolicy:
    world, chain_id = context.world, given["escalation_chain_id"]
    policy = FakeEscalationPolicy(
        id=world.ids.new("E"), escalation_chain_id=chain_id, type=given["type"]
    )
    world.add(put_last(world, policy, _chain))
    lists = [given[name] for name in _PERSONS if name in given]
    if policy.type == _QUEUE and lists[1:] and lists[0] != lists[1]:
        raise crashed()  # after the policy took its position
    _set(policy, given)
    return policy


def _chain(policy: FakeEscalationPolicy) -> str:
    return policy.escalation_chain_id


def _update(_: Context, policy: FakeEscalationPolicy, given: dict[str, Any]) -> None:
    """Keep what is not given; another type clears what it has no use for."""
    if "type" in given:
        policy.important = False
        if given["type"] not in {None, policy.type}:
            _clear(policy, given["type"])
        policy.type = given["type"]
    _set(policy, given)


def _clear(policy: FakeEscalationPolicy, type: str) -> None:
    kept = {_attribute(name) for name in _MEMBERS[type]}
    blank = FakeEscalationPolicy(id=policy.id, escalation_chain_id="", type=None)
    for name in {_attribute(member) for members in _MEMBERS.values() for member in members} - kept:
        setattr(policy, name, getattr(blank, name))


def _set(policy: FakeEscalationPolicy, given: dict[str, Any]) -> None:
    for name in _MEMBERS[policy.type]:
        if name in given:
            setattr(policy, _attribute(name), given[name])


ESCALATION_POLICIES = Collection(
    name="escalation_policies",
    kind=FakeEscalationPolicy,
    show=_show,
    filters=equal("escalation_chain_id"),
    visible=_visible,
    order=_order,
    writes=Writes(
        prefix="E",
        fields=fields(
            _checks,
            required=("escalation_chain_id", "type"),
            fixed=("escalation_chain_id",),
            crashes_on_lists=True,
        ),
        create=_create,
        update=_update,
        siblings=_chain,
    ),
)


class AddEscalationPolicies(Additions):
    """Add escalation policies."""

    def add_escalation_policy(
        self,
        chain: FakeEscalationChain,
        type: str = "wait",
        *,
        id: str | None = None,
        **members: Any,
    ) -> FakeEscalationPolicy:
        """Add a step at the end of a chain, with these attributes of `FakeEscalationPolicy`."""
        NAME(type=type)
        NAME.or_none(id=id)
        policy = FakeEscalationPolicy(
            id=id or self._world.ids.new("E"),
            escalation_chain_id=chain.id,
            type=type,
            **members,
        )
        return self._world.add(put_last(self._world, policy, _chain))
