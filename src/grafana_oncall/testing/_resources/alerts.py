"""The alerts of groups: those that arrived, or what a group of a test says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

import attrs

from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.responses import FakeResponse, as_json
from grafana_oncall.testing._server.state import FakeAlert, FakeAlertGroup
from grafana_oncall.testing.clock import stamp

_Pair: TypeAlias = tuple[FakeAlertGroup, FakeAlert]


def list_alerts(context: Context) -> FakeResponse:
    """List the alerts that match the filters, newest first."""
    wanted, text = context.last("id"), context.last("search").casefold()
    alerts = _alerts_of(context)
    if not (wanted or text):
        return page_response(context, alerts, _show)
    found = [
        (group, alert)
        for group, alert in alerts[:]
        if wanted in {"", alert.id} and (not text or text in _as_text(alert.payload))
    ]
    return page_response(context, found, _show)


def _alerts_of(context: Context) -> _Alerts:
    """Return the alerts of all groups, or of one."""
    groups, wanted = context.world.groups, context.last("alert_group_id")
    if not wanted:
        return groups.derived(_Alerts.of)
    return _Alerts.of([groups[wanted]] if wanted in groups else [])


@attrs.frozen
class _Alerts:
    """The alerts of groups, newest first; no more of them are made than are asked for."""

    groups: Sequence[FakeAlertGroup]
    """Those that have any, in the order of their latest alerts."""
    count: int

    @classmethod
    def of(cls, groups: Sequence[FakeAlertGroup]) -> _Alerts:
        counts = {group: len(group.alerts) or group.alerts_count for group in groups}
        found = sorted(filter(counts.get, groups), key=attrgetter("last_alert_at"), reverse=True)
        return cls(found, sum(counts.values()))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, part: slice) -> Sequence[_Pair]:
        # As many groups have at least as many alerts, and none of the others has a newer one.
        pairs = [(group, alert) for group in self.groups[: part.stop] for alert in _alerts(group)]
        return sorted(pairs, key=lambda pair: pair[1].created_at, reverse=True)[part]


def _alerts(group: FakeAlertGroup) -> Iterable[FakeAlert]:
    """Return those that arrived; without any, as many as the group says, evenly spread."""
    if group.alerts:
        return reversed(group.alerts)
    return map(partial(_alert, group), range(group.alerts_count))


def _alert(group: FakeAlertGroup, number: int) -> FakeAlert:
    """Return an alert that follows from its group, by its number from 0 for the last one."""
    span = group.last_alert_at - group.started_at
    return FakeAlert(
        id=f"{group.last_alert_id}{number or ''}",
        created_at=group.last_alert_at - span * number / max(1, group.alerts_count - 1),
        payload=group.payload,
    )


def _as_text(payload: Any) -> str:
    return json.dumps(payload, ensure_ascii=False).casefold()


def alert_times(group: FakeAlertGroup) -> list[datetime]:
    """Return when the alerts of a group arrived, the last one first."""
    return [alert.created_at for alert in _alerts(group)]


def _show(pair: _Pair) -> str:
    group, alert = pair
    shown = {"id": alert.id, "alert_group_id": group.id, "created_at": stamp(alert.created_at)}
    return as_json({**shown, "payload": alert.payload})


OPERATIONS = (Operation("list_alerts", "GET", "alerts", "viewer", list_alerts),)
