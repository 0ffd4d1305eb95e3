"""Realistic test data: integrations, teams, labels, and a storm of alert groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial, update_wrapper
from inspect import signature
from random import Random
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import attrs

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.escalation import FakeEscalationChain
from grafana_oncall.testing._objects.schedules import FakeSchedule
from grafana_oncall.testing._server.arguments import DELAY, MOMENT, SIZE
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration, FakeUser, State

from ._outgoing.bodies import EventName
from .fake import FakeOnCall

_DAY = timedelta(days=1)
_WEEK = 7 * _DAY
LABELS: dict[str, tuple[str, ...]] = {
    "team": ("SRE", "Platform", "Payments"),
    "severity": ("critical", "warning", "info"),
    "environment": ("production", "staging"),
    "region": ("eu-west-1", "us-east-1"),
    "service": ("api", "checkout", "ledger", "ingest", "search"),
}
_SOURCES = (
    ("alertmanager", "Alertmanager production", "SRE"),
    ("grafana_alerting", "Grafana Alerting", "Platform"),
    ("webhook", "Payments gateway", "Payments"),
    ("zabbix", "Zabbix", "SRE"),
    ("elastalert", "ElastAlert", None),
)
_STATES: dict[State, int] = {"firing": 50, "acknowledged": 20, "resolved": 20, "silenced": 10}


@attrs.frozen
class _Symptom:
    """A cause of alerts, with its metric."""

    title: str
    metric: str
    value: float


_SYMPTOMS = (
    _Symptom("Memory above 90% threshold", "memory_usage_ratio", 0.94),
    _Symptom("High 5xx rate", "http_5xx_ratio", 0.12),
    _Symptom("Latency p99 above 2 s", "latency_p99_seconds", 2.7),
    _Symptom("Disk almost full", "disk_used_ratio", 0.97),
    _Symptom("Pod crash looping", "restarts_total", 14.0),
    _Symptom("Replication lag", "replication_lag_seconds", 95.0),
    _Symptom("Certificate expires soon", "certificate_days_left", 3.0),
    _Symptom("Queue is not draining", "queue_depth", 18_250.0),
)


def seed_storm(fake: FakeOnCall, groups: int = 500) -> list[FakeAlertGroup]:
    """Fill a fake with teams, labels, integrations and alert groups; return the groups.

    The groups started over the last day, are in all four states, and the newest comes first. In the
    schedule `Primary`, the users `ana` and `bob` are on call in turn; what comes in from now on
    pages whoever is, sends a webhook, and after a quarter of an hour calls `responder`. The same
    seed and clock give the same storm.
    """
    SIZE(groups=groups)
    random = Random(f"storm-{fake.seed}")  # noqa: S311  # it must be repeatable
    for key, values in LABELS.items():
        fake.add_label(key, *values)
    sources = _sources(fake)
    responder = fake.add_user("responder", role="editor")
    now = fake.now()
    ages = [_DAY * position / groups + _within_a_second(random) for position in range(groups)]
    found = [_group(fake, random, sources, started_at=now - age) for age in ages]
    for group in found:
        _handle(group, random, responder.id, now)
    chain = _escalation(fake, _rotation(fake, now), responder)
    for source in sources:
        source.default_route["escalation_chain_id"] = chain.id
    return found


def seed_arrival(fake: FakeOnCall) -> FakeAlertGroup:
    """Add one more group like those of a storm, which starts firing now, and escalates."""
    random = Random(f"arrival-{fake.seed}-{len(fake.groups)}")  # noqa: S311  # it must be repeatable
    return _group(fake, random, [*fake.integrations.values()] or _sources(fake), None)


def _escalation(fake: FakeOnCall, primary: FakeSchedule, second: FakeUser) -> FakeEscalationChain:
    """Add a chain that pages whoever is on call, opens a ticket, and later calls somebody else."""
    tickets = fake.add_webhook(
        "Tickets", url="https://tickets.example/oncall", trigger_type="escalation"
    )
    chain = fake.add_escalation_chain("On call")
    add = partial(fake.add_escalation_policy, chain)
    add("notify_on_call_from_schedule", notify_on_call_from_schedule=primary.id)
    add("trigger_webhook", action_to_trigger=tickets.id)
    add("wait", duration=900)
    add("notify_persons", persons=[second.id], important=True)
    second.is_phone_number_verified = True
    fake.add_personal_notification_rule(second, "notify_by_phone_call", important=True)
    return chain


def _rotation(fake: FakeOnCall, now: datetime) -> FakeSchedule:
    """Add a schedule of two people who take turns by the week, the first since three days ago."""
    people = [fake.add_user(name, role="editor") for name in ("ana", "bob")]
    for user in people:
        user.is_phone_number_verified = True
        fake.add_personal_notification_rule(user, "notify_by_mobile_app")
        fake.add_personal_notification_rule(user, "wait", duration=300)
        fake.add_personal_notification_rule(user, "notify_by_phone_call")
    first = now.replace(hour=9, minute=0, second=0, microsecond=0) - 3 * _DAY
    weeks = [(first + week * _WEEK, first + (week + 1) * _WEEK) for week in range(8)]
    spans = [(people[number % 2], *week) for number, week in enumerate(weeks)]
    return fake.add_schedule("Primary", spans=spans)


def _within_a_second(random: Random) -> timedelta:
    return timedelta(microseconds=random.randrange(1_000_000))


def _sources(fake: FakeOnCall) -> list[FakeIntegration]:
    teams: dict[str | None, str | None] = {name: fake.add_team(name) for name in LABELS["team"]}
    return [
        fake.add_integration(type=kind, name=name, team_id=teams.get(team))
        for kind, name, team in _SOURCES
    ]


def _group(
    fake: FakeOnCall,
    random: Random,
    sources: list[FakeIntegration],
    started_at: datetime | None,
) -> FakeAlertGroup:
    labels = {key: random.choice(values) for key, values in LABELS.items()}
    symptom = random.choice(_SYMPTOMS)
    group = fake.add_group(
        title=f"{symptom.title}: {labels['service']} in {labels['environment']}",
        integration=random.choice(sources),
        started_at=started_at,
        labels=labels,
        payload=_payload(symptom, labels, random),
        alerts_count=random.randint(1, 12),
    )
    group.permalinks["slack"] = f"https://oncall.slack.example/archives/{group.last_alert_id}"
    return group


def _payload(symptom: _Symptom, labels: dict[str, str], random: Random) -> dict[str, Any]:
    instance = f"{labels['service']}-{random.randrange(16):02d}.{labels['region']}"
    return {
        "status": "firing",
        "title": symptom.title,
        "message": f"{symptom.metric} is {symptom.value} on {instance}",
        "commonLabels": {**labels, "instance": instance},
        "evalMatches": [{"metric": symptom.metric, "value": symptom.value, "tags": None}],
    }


def _handle(group: FakeAlertGroup, random: Random, responder: str, now: datetime) -> None:
    """Bring the group into a random state, at times between its start and now."""
    state = random.choices(list(_STATES), weights=list(_STATES.values()))[0]
    after = timedelta(seconds=random.randint(20, 900))
    first, second = (min(group.started_at + after * steps, now) for steps in (1, 2))
    if state in {"acknowledged", "resolved"}:
        group.acknowledged_at, group.acknowledged_by = first, responder
    if state == "resolved":
        group.resolved_at, group.resolved_by = second, responder
    elif state == "silenced":
        group.silenced_at = first


_P = ParamSpec("_P")
_R = TypeVar("_R")
_Named: TypeAlias = Callable[Concatenate["Factory", _P], _R]
"""A method of `Factory` that takes what one of the server does."""


def _as(method: Callable[Concatenate[FakeOnCall, _P], _R]) -> Callable[[Any], _Named[_P, _R]]:
    """Decorate a method so that it does and takes what this one of the server does."""

    def decorate(own: Any) -> _Named[_P, _R]:
        def named(self: Factory, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            server = self._server  # pyright: ignore[reportPrivateUsage]  # of the decorated class
            return method(server, *args, **kwargs)

        named.__signature__ = signature(method)  # type: ignore[attr-defined]  # for help
        explained = explain_keywords(named, own.__name__)
        update_wrapper(explained, own, ("__name__", "__qualname__", "__doc__"))
        return explained

    return decorate


class Factory:
    """Makes alert groups, integrations and labels on a fake server.

    What is not given gets a realistic value.
    """

    def __init__(self, server: FakeOnCall) -> None:
        self._server = server

    @_as(FakeOnCall.add_group)
    def group(self) -> Any:
        """Add an alert group; see `FakeOnCall.add_group`."""

    @_as(FakeOnCall.add_integration)
    def integration(self) -> Any:
        """Add an integration; see `FakeOnCall.add_integration`."""

    @_as(FakeOnCall.add_alert)
    def alert(self) -> Any:
        """Post an alert to an integration; see `FakeOnCall.add_alert`."""

    def label(self, key: str, *values: str) -> None:
        """Add a key and values to the label repository; see `FakeOnCall.add_label`."""
        self._server.add_label(key, *values)

    def event(self, group: FakeAlertGroup, type: EventName) -> bytes:
        """Return the body that a webhook posts for an event; see `FakeOnCall.event`."""
        return self._server.event(group, type)

    def groups(
        self, number: int, *, apart: timedelta = timedelta(minutes=1), **fields: Any
    ) -> list[FakeAlertGroup]:
        """Add groups with the same fields, those of `group`; the first is the newest.

        `apart` is the time between the starts of two groups.
        """
        SIZE(number=number)
        DELAY(apart=apart)
        MOMENT.or_none(started_at=fields.get("started_at"))
        add = explain_keywords(self._server.add_group, "groups")
        newest = fields.pop("started_at", None) or self._server.now()
        return [add(started_at=newest - position * apart, **fields) for position in range(number)]

    def storm(self, groups: int = 500) -> list[FakeAlertGroup]:
        """Add realistic teams, labels, integrations, and groups in all states."""
        return seed_storm(self._server, groups)
