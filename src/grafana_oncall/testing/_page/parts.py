"""What the page shows, in parts, each of which is sent when it has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from grafana_oncall.testing._objects.webhooks import FakeWebhook
from grafana_oncall.testing._server.auth import Grant
from grafana_oncall.testing._server.rate_limit import RateLimit
from grafana_oncall.testing._server.responses import as_json
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration, FakeUser, State
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import seconds_stamp, stamp

from .clock import Advancing
from .faults import FAULTS
from .watched import Watched

_GROUPS, _ENTRIES = 100, 50
"""The most that is shown, however many there are."""


def parts(server: Watched, state: State | None) -> dict[str, str]:
    """Return all parts as JSON by name; of the groups, the newest in this state."""
    server.world.apply_due()
    return {name: as_json(make(server)) for name, make in _PARTS.items()} | {
        "groups": as_json(_groups(server.world, state))
    }


def _clock(server: Watched) -> dict[str, Any]:
    clock = server.world.clock
    return {"now": seconds_stamp(clock()), "advances": isinstance(clock, Advancing)}


def _groups(world: World, state: State | None) -> dict[str, Any]:
    everything = world.groups.listed(None)
    return {
        "counts": Counter(group.state for group in everything),
        "groups": [_group(world, group) for group in world.groups.listed(state)[:_GROUPS]],
        "labels": world.flavour == "cloud",
    }


def _group(world: World, group: FakeAlertGroup) -> dict[str, Any]:
    by = {"acknowledged": group.acknowledged_by, "resolved": group.resolved_by}
    return {
        "id": group.id,
        "title": group.title,
        "state": group.state,
        "labels": group.labels,
        "alerts": group.alerts_count,
        "integration": group.integration.name,
        "started_at": stamp(group.started_at),
        "silenced_until": stamp(group.silenced_until),
        "by": _username(world, by.get(group.state)),
    }


def _username(world: World, id: str | None) -> str | None:
    user = world.store(FakeUser).get(id or "")
    return None if user is None else user.username


def _settings(server: Watched) -> dict[str, Any]:
    world, limit = server.world, server.fake.rate_limit
    return {
        "people": {
            user.id: user.username for user in world.store(FakeUser).values() if _acts(user)
        },
        "integrations": {each.id: each.name for each in world.store(FakeIntegration).values()},
        "known_labels": {key: sorted(values) for key, values in world.labels.items()},
        "faults": {name: name in server.switches.on for name in FAULTS},
        "every": server.switches.every,
        "latency": round(server.latency.total_seconds() * 1000),
        "requests": 0 if limit is None else limit.requests,
        "window": (limit or RateLimit()).window.total_seconds(),
    }


def _acts(user: FakeUser) -> bool:
    """Whether a user may do what the page does."""
    return Grant.of("", user, user.role).allows("editor")


def _quota(server: Watched) -> list[dict[str, Any]]:
    world, limit = server.world, server.fake.rate_limit
    if limit is None:
        return []
    since = world.clock() - limit.window
    return [
        {"who": user.username, "used": used, "of": limit.requests}
        for user in world.store(FakeUser).values()
        if (used := _later(world.throttle.passed.get(user.id, ()), since))
    ]


def _later(times: Iterable[datetime], since: datetime) -> int:
    return sum(time > since for time in times)


def _calls(server: Watched) -> list[dict[str, Any]]:
    return [
        {
            "id": seen.number,
            "at": seconds_stamp(seen.at),
            "who": seen.who,
            "what": f"{seen.method} {seen.path}",
            "status": seen.status,
            "fault": seen.fault,
        }
        for seen in server.calls
    ]


def _pages(server: Watched) -> dict[str, Any]:
    paging = server.world.paging
    numbered = [*enumerate(paging.pages)][-_ENTRIES:]
    return {
        "unmodelled": next(iter(paging.unmodelled), None),
        "pages": [
            {
                "id": number,
                "at": seconds_stamp(page.at),
                "user": page.user,
                "how": page.how,
                "group": _title(server.world, page.group),
            }
            for number, page in reversed(numbered)
        ],
    }


def _title(world: World, id: str) -> str:
    group = world.groups.get(id)
    return id if group is None or group.title is None else group.title


def _webhooks(server: Watched) -> list[dict[str, Any]]:
    names = {each.id: each.name for each in server.world.store(FakeWebhook).values()}
    numbered = [*enumerate(server.fake.deliveries)][-_ENTRIES:]
    return [
        {
            "id": number,
            "at": seconds_stamp(each.at),
            "name": names.get(each.webhook, each.webhook),
            "what": f"{each.event}: {each.method} {each.url}",
            "status": each.status,
            "reason": each.reason,
        }
        for number, each in reversed(numbered)
    ]


_PARTS: dict[str, Callable[[Watched], Any]] = {
    "clock": _clock,
    "settings": _settings,
    "quota": _quota,
    "calls": _calls,
    "pages": _pages,
    "webhooks": _webhooks,
}
