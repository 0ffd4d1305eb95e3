"""However groups change, lists show what filtering and sorting all of them would show."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, MutableMapping
from datetime import timedelta
from functools import partial
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from grafana_oncall.testing._server.index import GroupIndex
from tests.support.budget import budget
from tests.support.fake_requests import ask, ids

LABELS = [("team", "SRE"), ("env", "prod"), ("env", "test")]
ACTIONS = ["acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence"]
FILTERS: dict[str, Callable[[FakeAlertGroup], bool]] = {
    "": lambda _: True,
    "state=new": lambda group: group.state == "firing",
    "state=silenced&label=team:SRE": lambda group: (
        group.state == "silenced" and ("team", "SRE") in group.labels
    ),
    "label=team:SRE&label=env:prod": lambda group: set(LABELS[:2]) <= set(group.labels),
    "team_id=T1": lambda group: group.team_id == "T1",
    "team_id=null": lambda group: group.team_id is None,
    "integration_id=C1": lambda group: group.integration_id == "C1",
    "route_id=R1": lambda group: group.route_id == "R1",
}


class Shuffle:
    """A server where something changes, by request or directly."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  # failures must be reproducible
        self.clock = VirtualClock()
        self.fake = FakeOnCall(clock=self.clock, flavour="oss", page_size=1000)
        self.fake.add_team("SRE", id="T1")
        self.sources = [self.fake.add_integration(id=name) for name in ("C1", "C2")]
        for _ in range(8):
            self.add()

    def add(self) -> None:
        """Add a group that started some seconds ago; several may have started at once."""
        self.fake.add_group(
            started_at=self.clock.now() - timedelta(seconds=self.random.randrange(4)),
            integration=self.random.choice(self.sources),
            labels=dict(self.random.sample(LABELS, 2)),
            root=self.random.choice([None, None, self.any()]),
        )

    def any(self) -> FakeAlertGroup | None:
        """One of the groups, if there are any."""
        return self.random.choice([*self.fake.groups.values()] or [None])

    def change(self) -> None:
        """Change one thing about one of the groups."""
        random, group = self.random, self.any()
        if group is None or random.random() < 0.2:
            return self.add()
        changes: list[Callable[[], object]] = [
            lambda: self.request(f"{group.id}/{random.choice(ACTIONS)}/", {"delay": 3}),
            lambda: self.request(group.id, {"mode": random.choice(["wipe", "delete"])}),
            lambda: self.clock.advance(timedelta(seconds=random.choice([0.2, 1, 5]))),
            lambda: self.fake.groups.pop(group.id),
            lambda: setattr(group, "resolved_at", random.choice([None, self.clock.now()])),
            lambda: setattr(group, "silenced_until", self.clock.now() + timedelta(seconds=2)),
            lambda: setattr(group, "started_at", self.clock.now()),
            lambda: setattr(group, "route_id", random.choice([None, "R1"])),
            lambda: setattr(group, "labels", [random.choice(LABELS)]),
            lambda: group.labels.append(random.choice(LABELS)),
            group.labels.clear,
            lambda: setattr(group, "integration", random.choice(self.sources)),
            lambda: setattr(group.integration, "team_id", random.choice([None, "T1"])),
            lambda: setattr(self.fake, "wipe_delay", random.choice([None, timedelta(seconds=1)])),
        ]
        random.choice(changes)()
        return None

    def request(self, tail: str, body: Any) -> None:
        """Send an action, or a deletion of a group."""
        ask(self.fake, "POST" if "/" in tail else "DELETE", f"alert_groups/{tail}", body)

    def check(self, query: str) -> None:
        """Lists show what they should, and children follow their root."""
        listed = ids(ask(self.fake, "GET", "alert_groups/", query=query))
        groups = [group for group in self.fake.groups.values() if FILTERS[query](group)]
        groups.sort(key=lambda group: group.started_at, reverse=True)
        assert listed == [group.id for group in groups]


@settings(max_examples=budget(15, hunt=1000), deadline=None)
@given(st.integers(0, 2**32))
def test_lists_stay_right_whatever_changes(seed: int) -> None:
    """By request, by the clock, by an attribute that a test sets, by a label that it appends."""
    shuffle = Shuffle(seed)
    for _ in range(40):
        shuffle.change()
        shuffle.check(shuffle.random.choice(list(FILTERS)))
    for query in FILTERS:
        shuffle.check(query)


def test_what_happens_next_is_found_among_all_that_was_planned_before(fake: FakeOnCall) -> None:
    """Groups that are silenced again and again, or resolved, wake up once, and in order."""
    groups = [fake.add_group() for _ in range(5)]
    start = fake.now()
    for number, group in enumerate([*groups, *groups]):
        fake.groups[group.id].silenced_at = start
        fake.groups[group.id].silenced_until = start + timedelta(minutes=10 - number)
    groups[4].silenced_until = None
    index = fake.groups
    assert isinstance(index, GroupIndex)
    assert index.next_at == start + timedelta(minutes=2)
    assert index.due(start + timedelta(minutes=4)) == [groups[3], groups[2], groups[1]]
    assert index.next_at == start + timedelta(minutes=2), "until something is done about it"


def test_a_group_with_the_id_of_another_replaces_it(fake: FakeOnCall) -> None:
    """The other is gone from every list."""
    fake.add_group(id="I1", title="old")
    assert ids(ask(fake, "GET", "alert_groups/")) == ["I1"]
    fake.add_group(id="I1", title="new")
    results = ask(fake, "GET", "alert_groups/").json()["results"]
    assert [group["title"] for group in results] == ["new"]


def test_children_follow_a_root_that_they_were_given_later(fake: FakeOnCall) -> None:
    """And no longer one that was removed from them."""
    root, child, former = fake.add_group(), fake.add_group(), fake.add_group()
    former.root = root
    ask(fake, "GET", "alert_groups/")
    child.root, former.root = root, None
    ask(fake, "POST", f"alert_groups/{root.id}/acknowledge/")
    assert (child.state, former.state) == ("acknowledged", "firing")


SRE, OPS = ("team", "SRE"), ("team", "Ops")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda labels: labels.append(OPS), id="append"),
        pytest.param(lambda labels: labels.extend([OPS]), id="extend"),
        pytest.param(lambda labels: labels.insert(0, OPS), id="insert"),
        pytest.param(lambda labels: labels.__iadd__([OPS]), id="+="),
        pytest.param(lambda labels: labels.__setitem__(0, OPS), id="an item"),
        pytest.param(lambda labels: labels.__setitem__(slice(1, 1), [OPS]), id="a slice"),
        pytest.param(lambda labels: labels.clear(), id="clear"),
        pytest.param(lambda labels: labels.pop(), id="pop"),
        pytest.param(lambda labels: labels.remove(SRE), id="remove"),
        pytest.param(lambda labels: labels.__delitem__(0), id="del"),
        pytest.param(lambda labels: labels.__imul__(0), id="*="),
    ],
)
def test_labels_may_be_changed_like_any_list(
    fake: FakeOnCall, change: Callable[[list[tuple[str, str]]], object]
) -> None:
    """The lists notice each way."""
    group = fake.add_group(labels=dict([SRE]))
    expected = [SRE]
    for value in ("SRE", "Ops"):
        ask(fake, "GET", "alert_groups/", query=f"label=team:{value}")
    change(group.labels)
    change(expected)
    assert group.labels == expected
    for label in (SRE, OPS):
        listed = ids(ask(fake, "GET", "alert_groups/", query=f"label=team:{label[1]}"))
        assert listed == [group.id] * (label in expected)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda groups, _: groups.pop("I1"), id="pop"),
        pytest.param(lambda groups, _: groups.pop("I404", None), id="pop with a default"),
        pytest.param(lambda groups, _: groups.popitem(), id="popitem"),
        pytest.param(lambda groups, _: groups.clear(), id="clear"),
        pytest.param(lambda groups, _: groups.__delitem__("I2"), id="del"),
        pytest.param(lambda groups, more: groups.__setitem__("I4", more), id="an item"),
        pytest.param(lambda groups, more: groups.update(I4=more), id="update"),
        pytest.param(lambda groups, more: groups.setdefault("I4", more), id="setdefault"),
    ],
)
def test_groups_may_be_changed_like_any_dictionary(
    fake: FakeOnCall,
    change: Callable[[MutableMapping[str, FakeAlertGroup], FakeAlertGroup], object],
) -> None:
    """Those that started at once are listed in the dictionary's order."""
    for number in (1, 2, 3):
        fake.add_group(id=f"I{number}")
    more = FakeOnCall(clock=fake.now).add_group(id="I4")
    expected = dict(fake.groups)
    ask(fake, "GET", "alert_groups/")
    change(fake.groups, more)
    change(expected, more)
    assert ids(ask(fake, "GET", "alert_groups/")) == list(expected)


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.deepcopy, id="deep copy"),
        pytest.param(lambda group: pickle.loads(pickle.dumps(group)), id="pickle"),  # noqa: S301  # our own
    ],
)
def test_a_copy_of_a_group_belongs_to_no_server(
    fake: FakeOnCall, copied: Callable[[FakeAlertGroup], FakeAlertGroup]
) -> None:
    """It may be compared with the group later, and changed; once put back, it counts."""
    group = fake.add_group(labels={"team": "SRE"})
    before = copied(group)
    ask(fake, "POST", f"alert_groups/{group.id}/resolve/")
    assert (before.state, before.labels, before.title) == ("firing", [("team", "SRE")], group.title)
    before.labels.clear()
    before.integration = fake.add_integration()
    before.integration.team_id = fake.add_team("SRE")
    assert ids(ask(fake, "GET", "alert_groups/", query="label=team:SRE")) == [group.id]
    fake.groups[group.id] = before
    assert ids(ask(fake, "GET", "alert_groups/", query="label=team:SRE")) == []
    before.labels.append(("team", "SRE"))
    assert ids(ask(fake, "GET", "alert_groups/", query="label=team:SRE&state=new")) == [group.id]


def calls_of(request: Callable[[], object]) -> int:
    """How many Python functions are called to serve a request."""
    calls = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        request()
    finally:
        sys.setprofile(before)
    return calls


def work(groups: int) -> list[int]:
    """The cost of requests on a server with this many groups, whose list was requested before."""
    fake = FakeOnCall(clock=VirtualClock())
    made = [fake.add_group(labels={"team": "SRE"}).id for _ in range(groups)]
    page = partial(ask, fake, "GET", "alert_groups/", query="state=new&perpage=9")
    one = f"alert_groups/{made[0]}/"
    costs: list[int] = []
    for request in (
        page,
        partial(ask, fake, "GET", one),
        partial(ask, fake, "POST", f"{one}silence/", {"delay": 3600}),
        partial(ask, fake, "DELETE", one),
    ):
        page()
        costs.append(calls_of(request))
    return costs


def test_what_a_request_costs_does_not_depend_on_the_number_of_groups() -> None:
    """Pages, single groups, actions and deletions; but the first page after a change does."""
    # Not exactly: the garbage collector may run, and makes calls.
    assert work(3000) == pytest.approx(work(20), rel=0.1)
