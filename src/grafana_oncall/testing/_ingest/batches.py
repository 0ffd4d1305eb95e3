"""Groups of alerts that were posted in batches, each of which says whether it still fires.

They are resolved with all of their alerts, and not by a template.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from grafana_oncall.testing._resources.actions import ActionContext, perform
from grafana_oncall.testing._server.agenda import Name
from grafana_oncall.testing._server.state import FakeAlert, FakeAlertGroup
from grafana_oncall.testing._server.world import World

KIND = "resolve batch"
_DELAY = timedelta(seconds=5)
_MOST = 500


def resolve_soon(world: World, group: FakeAlertGroup, at: datetime) -> None:
    """Plan to look, five seconds after the last alert, whether all are resolved."""
    world.agenda.put((KIND, group.id), at + _DELAY)


def resolve_if_over(world: World, name: Name, at: datetime) -> None:
    """Resolve a group if nothing fires in it any more."""
    group = world.groups.get(name[1])
    if group is not None and group.resolved_at is None and is_over(group.alerts):
        perform(world, "resolve", group, ActionContext(by=None, at=at))


def is_over(alerts: Sequence[FakeAlert]) -> bool:
    """Whether the last alert of each set of labels is resolved; the server gives up on many."""
    if len(alerts) > _MOST:
        return False
    states = {_labels(alert): alert.payload.get("status") for alert in alerts}
    return set(states.values()) == {"resolved"}


def _labels(alert: FakeAlert) -> str:
    return json.dumps(alert.payload.get("labels"), sort_keys=True)
