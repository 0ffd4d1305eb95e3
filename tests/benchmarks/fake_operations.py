"""How many requests of each operation the fake serves in a second of processor time.

    python -m tests.benchmarks.fake_operations

In process, by `FakeOnCall.handle`, without sockets: with 10,000 alert groups, and a hundred of all
else. Every operation of the specification is measured, with requests that succeed; what a request
needs, such as an object to delete, is made beforehand.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import count, cycle
from statistics import median
from typing import Any, Final

import attrs

from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeOnCall,
    FakeRequest,
    FakeResponse,
    VirtualClock,
    seed_storm,
)
from tests.contract.specification import OPERATIONS

GROUPS = 10_000
OTHERS = 100
BATCH = 20
MOST = 3 * BATCH
"""The most requests at a time: the objects that they make must not become too many."""
SECONDS = 0.03
_STARTS = "2026-04-01T09:00:00"
_ENDS = "2026-04-02T09:00:00"


@attrs.frozen
class World:
    """A fake with objects of every kind."""

    clock: VirtualClock
    fake: FakeOnCall
    ids: Mapping[str, list[str]]
    """Of each kind, by the names of paths."""
    numbers: Iterator[int] = attrs.field(factory=count)

    def send(self, method: str, path: str, body: Any = None) -> FakeResponse:
        """Send a request that must succeed."""
        return self.serve(self.request(method, path, body))

    def serve(self, request: FakeRequest) -> FakeResponse:
        """Process a request that must succeed."""
        response = self.fake.handle(request)
        if response.status >= 300:
            raise RuntimeError(f"{request}: {response}")
        return response

    def request(self, method: str, target: str, body: Any = None) -> FakeRequest:
        """A request of the admin."""
        path, _, query = target.partition("?")
        headers = {"Authorization": self.fake.token, "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        return FakeRequest(method, f"/api/v1{path}", query, headers, content)

    def one(self, kind: str) -> str:
        """The id of one of them."""
        return self.ids[kind][0]

    def any(self, kind: str) -> str:
        """The id of each of them in turn."""
        return self.ids[kind][next(self.numbers) % len(self.ids[kind])]

    def new(self, kind: str) -> str:
        """Make another one by a request, and return its id."""
        made: str = self.send("POST", f"/{kind}/", CREATED[kind](self)).json()["id"]
        return made

    def name(self) -> str:
        """A name that nothing has."""
        return f"name {next(self.numbers)}"


def populated(groups: int = GROUPS, others: int = OTHERS) -> World:
    """A server with a storm, and with so many of each other kind."""
    clock = VirtualClock()
    fake = FakeOnCall(keep_calls=False, clock=clock)
    seed_storm(fake, groups)
    ids: dict[str, list[str]] = {}
    world = World(clock, fake, ids)
    ids["alert_groups"] = [*fake.groups]
    ids["teams"] = [fake.add_team(f"team {number}") for number in range(others)]
    for number in range(others):
        fake.add_user(f"user {number}", role="editor").is_phone_number_verified = True
        fake.add_slack_channel(f"channel {number}")
        fake.add_user_group(f"group {number}", handle=f"handle{number}")
    fake.user.is_phone_number_verified = True
    ids["users"] = [user.id for user in fake.users.values()]
    ids["integrations"] = [*fake.integrations]
    for kind in CREATED:
        ids.setdefault(kind, [])
        ids[kind] += [world.new(kind) for _ in range(others)]
    for shifts, schedule in zip(cycle(ids["on_call_shifts"]), ids["schedules"], strict=False):
        world.send("PUT", f"/schedules/{schedule}/", {"shifts": [shifts]})
    for webhook in fake.objects(_class(fake, ids["webhooks"][0])).values():
        fake.add_webhook_response(webhook)
    return world


def _class(fake: FakeOnCall, id: str) -> type[Any]:
    return next(kind for kind, store in fake._world.stores.items() if id in store)


CREATED: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "integrations": lambda world: {"type": "webhook", "name": world.name()},
    "escalation_chains": lambda world: {"name": world.name()},
    "escalation_policies": lambda world: {
        "escalation_chain_id": world.any("escalation_chains"),
        "type": "wait",
        "duration": 60,
    },
    "routes": lambda world: {
        "integration_id": world.any("integrations"),
        "routing_regex": "critical",
        "escalation_chain_id": world.one("escalation_chains"),
    },
    "on_call_shifts": lambda world: {
        "name": world.name(),
        "type": "rolling_users",
        "start": "2026-02-02T09:00:00",
        "duration": 7 * 86_400,
        "frequency": "weekly",
        "week_start": "MO",
        "rolling_users": [[world.any("users")], [world.any("users")]],
        "start_rotation_from_user_index": 0,
    },
    "schedules": lambda world: {"name": world.name(), "type": "calendar", "time_zone": "UTC"},
    "shift_swaps": lambda world: {
        "schedule": world.any("schedules"),
        "beneficiary": world.one("users"),
        "swap_start": f"{_STARTS}Z",
        "swap_end": f"{_ENDS}Z",
    },
    "personal_notification_rules": lambda world: {
        "user_id": world.one("users"),
        "type": "notify_by_sms",
    },
    "resolution_notes": lambda world: {"alert_group_id": world.one("alert_groups"), "text": "x"},
    "webhooks": lambda world: {
        "name": world.name(),
        "url": "https://hooks.example/",
        "http_method": "POST",
        "trigger_type": "escalation",
    },
}
"""What makes an object of each kind."""
_CHANGED: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "escalation_policies": lambda _: {"duration": 120},
    "routes": lambda _: {"routing_regex": "warning"},
    "shift_swaps": CREATED["shift_swaps"],
    "personal_notification_rules": lambda _: {"type": "notify_by_email"},
    "resolution_notes": lambda _: {"text": "y"},
    "webhooks": CREATED["webhooks"],
}
"""What changes an object of each kind, if it is not a name."""
_BEFORE: Final = {
    "unacknowledge": "acknowledged",
    "unresolve": "resolved",
    "unsilence": "silenced",
}
_LABEL: Final = {"key": {"name": "team"}, "value": {"name": "SRE"}}


def _group(world: World, **fields: Any) -> FakeAlertGroup:
    return world.fake.add_group(started_at=world.fake.now() - timedelta(days=1), **fields)


def _act(name: str) -> Callable[[World], FakeRequest]:
    def make(world: World) -> FakeRequest:
        group: Any = _group(world, state=_BEFORE.get(name, "firing"))
        return world.request("POST", f"/alert_groups/{group.id}/{name}/", {"delay": 3600})

    return make


def _labelling(path: str, labels: dict[str, str]) -> Callable[[World], FakeRequest]:
    return lambda world: world.request(
        "POST", f"/alert_groups/{_group(world, labels=labels).id}/{path}/", _LABEL
    )


def _maintenance(verb: str) -> Callable[[World], FakeRequest]:
    def make(world: World) -> FakeRequest:
        path = f"/integrations/{world.new('integrations')}"
        body = {"mode": "debug", "duration": 3600}
        if verb == "stop":
            world.send("POST", f"{path}/maintenance_start/", body)
        return world.request("POST", f"{path}/maintenance_{verb}/", body)

    return make


def _export(kind: str, path: str) -> Callable[[World], FakeRequest]:
    def make(world: World) -> FakeRequest:
        name = world.one(kind)
        owner: Any = world.fake.objects(_class(world.fake, name))[name]
        owner.export_token = "token"
        return world.request("GET", f"/{kind}/{name}/{path}/?token=token")

    return make


def _final_shifts(world: World) -> FakeRequest:
    query = "start_date=2026-03-01&end_date=2026-03-14"
    return world.request("GET", f"/schedules/{world.one('schedules')}/final_shifts/?{query}")


def _take(world: World) -> FakeRequest:
    path = f"/shift_swaps/{world.new('shift_swaps')}/take/"
    return world.request("POST", path, {"benefactor": world.ids["users"][1]})


def _page_people(world: World) -> FakeRequest:
    users = [{"id": world.one("users"), "important": False}]
    return world.request("POST", "/escalation/", {"title": "Help", "users": users})


def _phone(path: str) -> Callable[[World], FakeRequest]:
    return lambda world: world.request(
        "POST", f"/{path}/", {"email": world.fake.user.email, "message": "x"}
    )


def _delete_group(world: World) -> FakeRequest:
    return world.request("DELETE", f"/alert_groups/{_group(world).id}/", {"mode": "delete"})


def _firing(world: World) -> FakeRequest:
    return world.request("GET", f"/alert_groups/?state=new&page={next(world.numbers) % 100 + 1}")


_SPECIAL: Final[Mapping[str, Callable[[World], FakeRequest]]] = {
    **{
        f"{name}_alert_group": _act(name)
        for name in (*("acknowledge", "resolve", "silence"), *_BEFORE)
    },
    "list_alert_groups": _firing,
    "delete_alert_group": _delete_group,
    "add_alert_group_label": _labelling("labels", {}),
    "remove_alert_group_label": _labelling("labels/remove", {"team": "SRE"}),
    "start_integration_maintenance": _maintenance("start"),
    "stop_integration_maintenance": _maintenance("stop"),
    "export_schedule": _export("schedules", "export"),
    "export_user_schedule": _export("users", "schedule_export"),
    "list_final_shifts": _final_shifts,
    "take_shift_swap": _take,
    "page_people": _page_people,
    "make_call": _phone("make_call"),
    "send_sms": _phone("send_sms"),
}
"""The operations that are more than to list, get, create, change or delete."""


def _renamed(world: World) -> dict[str, Any]:
    return {"name": world.name()}


def request_of(world: World, operation: str) -> FakeRequest:
    """A request of an operation that has everything that it needs."""
    if operation in _SPECIAL:
        return _SPECIAL[operation](world)
    method, path = OPERATIONS[operation].method, OPERATIONS[operation].path
    kind, ids = path.split("/")[1], world.ids
    if method == "GET":
        page = f"?page={next(world.numbers) % 2 + 1}" if operation.startswith("list_") else ""
        return world.request("GET", _filled(path, ids.get(kind, [""]), world) + page)
    if method == "POST":
        return world.request("POST", path, CREATED[kind](world))
    if method == "DELETE":
        return world.request("DELETE", _filled(path, [world.new(kind)], world))
    body = _CHANGED.get(kind, _renamed)(world)
    return world.request("PUT", _filled(path, ids[kind], world), body)


def _filled(path: str, ids: list[str], world: World) -> str:
    before, brace, rest = path.partition("{")
    if not brace:
        return path
    return f"{before}{ids[next(world.numbers) % len(ids)]}{rest.partition('}')[2]}"


def rate(world: World, operation: str, *, quick: bool = False) -> float:
    """Requests of an operation per second: the best of three, as other programs only take away."""
    return max(_rate(world, operation, 0 if quick else SECONDS) for _ in range(1 if quick else 3))


def _rate(world: World, operation: str, seconds: float) -> float:
    served, spent = 0, 0.0
    while not served or (spent < seconds and served < MOST):
        requests = [request_of(world, operation) for _ in range(BATCH if spent else 1)]
        start = time.process_time()
        for request in requests:
            world.serve(request)
        spent += time.process_time() - start
        served += len(requests)
    return served / spent


def measure(*, quick: bool = False) -> dict[str, float]:
    """The rate of each operation, the slowest first."""
    world = populated(100, 5) if quick else populated()
    found = {name: rate(world, name, quick=quick) for name in OPERATIONS}
    return dict(sorted(found.items(), key=lambda one: one[1]))


def alert_milliseconds(*, quick: bool = False) -> float:
    """How long it takes from an alert until its group is in a response, in processor time."""
    world = populated(100, 5) if quick else populated()
    source = world.fake.integrations[world.one("integrations")]
    link = f"/integrations/v1/{source.type}/{source.secret}/"
    taken: list[float] = []
    for number in range(2 if quick else 200):
        body = json.dumps({"groupKey": str(number), "groupLabels": {"alertname": str(number)}})
        alert = FakeRequest("POST", link, "", {"Content-Type": "application/json"}, body.encode())
        world.clock.advance(timedelta(seconds=2))
        start = time.process_time()
        world.serve(alert)
        shown = world.send("GET", "/alert_groups/?perpage=1").json()["results"]
        taken.append(time.process_time() - start)
        if not shown[0]["title"].startswith(str(number)):
            raise RuntimeError(f"the newest group is {shown}")
    return 1000 * median(taken)


def main() -> None:
    """Print the figures."""
    for name, figure in measure().items():
        sys.stdout.write(f"{name:<60}{figure:>8,.0f} requests/s\n")
    sys.stdout.write(f"from an alert to its group: {alert_milliseconds():.2f} ms\n")


if __name__ == "__main__":
    main()
