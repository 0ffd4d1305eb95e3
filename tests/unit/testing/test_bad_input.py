"""Mistakes of test authors: refused where they are made, by name, with the valid choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grafana_oncall.testing import (
    OPERATION_NAMES,
    Factory,
    FakeOnCall,
    LoopClock,
    RateLimit,
    VirtualClock,
    error,
    reset,
    seed_storm,
    status,
    throttle,
)
from tests.support.fake_requests import ask

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # the missing zone is the point
BACK = timedelta(seconds=-1)

Slip = tuple[dict[str, Any], type[Exception], str]
"""The call, the error, and a part of its message."""


def by_complaint(given: str, slips: list[Slip]) -> pytest.MarkDecorator:
    """A test for each mistake, named after its message."""
    ids = [complaint for _, _, complaint in slips]
    return pytest.mark.parametrize((given, "kind", "complaint"), slips, ids=ids)


OPTIONS: list[Slip] = [
    ({"flavour": "osss"}, ValueError, "flavour='osss': one of 'cloud', 'oss' is"),
    ({"flavour": None}, TypeError, "flavour=None: one of 'cloud', 'oss' is"),
    ({"seed": "3"}, TypeError, "seed='3': a whole number is"),
    ({"seed": True}, TypeError, "seed=True: a whole number is"),
    ({"clock": 5}, TypeError, "clock=5: a function is"),
    ({"token": ""}, ValueError, "token='': a non-empty str is"),
    ({"base_url": None}, TypeError, "base_url=None: a str is"),
    ({"grafana_url": 5}, TypeError, "grafana_url=5: a str is"),
    ({"page_size": 0}, ValueError, "page_size=0: a whole number, 1 or more, is"),
    ({"page_size": "50"}, TypeError, "page_size='50': a whole number, 1 or"),
    ({"rate_limit": "300/60"}, TypeError, "rate_limit='300/60': a RateLimit, such as RateLimit("),
    ({"delete_delay": 1}, TypeError, "delete_delay=1: a timedelta of zero or more"),
    ({"wipe_delay": BACK}, ValueError, "wipe_delay=datetime.timedelta(days=-1,"),
    ({"latency": 5}, TypeError, "latency=5: a timedelta of zero or more, such as"),
    ({"latency": None}, TypeError, "latency=None: a timedelta of zero or more"),
]


@by_complaint("options", OPTIONS)
def test_an_option_of_the_server_that_makes_no_sense_is_refused(
    options: dict[str, Any], kind: type[Exception], complaint: str
) -> None:
    """Refused at once, not at the first request or later."""
    with pytest.raises(kind, match=re.escape(complaint)):
        FakeOnCall(**options)


@pytest.mark.parametrize(
    ("name", "value"),
    [("latency", 5), ("rate_limit", "300/60"), ("delete_delay", 1), ("wipe_delay", "0.1")],
)
def test_an_option_that_is_changed_later_is_checked_too(
    fake: FakeOnCall, name: str, value: Any
) -> None:
    """And keeps its value."""
    before = getattr(fake, name)
    with pytest.raises(TypeError, match=rf"^{name}={value!r}: a .* is needed$"):
        setattr(fake, name, value)
    assert getattr(fake, name) == before


GROUPS: list[Slip] = [
    (
        {"state": "open"},
        ValueError,
        "state='open': one of 'firing', 'acknowledged', 'resolved', 'silenced' is needed",
    ),
    ({"started_at": NAIVE}, ValueError, "started_at=datetime.datetime(2026, 1, 1,"),
    ({"started_at": "now"}, TypeError, "started_at='now': an aware datetime, such"),
    ({"labels": "team=SRE"}, ValueError, "labels: 'team=SRE': a key and a value"),
    ({"labels": ["team:a:b"]}, ValueError, "labels: 'team:a:b': a key and a value"),
    ({"labels": ["team:"]}, ValueError, "labels: 'team:': a key and a value"),
    ({"labels": {"team": 5}}, ValueError, "labels: ('team', 5): a key and a value"),
    ({"labels": 5}, TypeError, """labels=5: {"team": "SRE"}, "team:SRE" or an"""),
    ({"title": 5}, TypeError, "title=5: a str is needed"),
    ({"id": ""}, ValueError, "id='': a non-empty str is needed"),
    ({"alerts_count": -1}, ValueError, "alerts_count=-1: a whole number, 0 or"),
    ({"integration": "C1"}, TypeError, "integration='C1': a FakeIntegration, as"),
    ({"root": "I1"}, TypeError, "root='I1': a FakeAlertGroup, as add_group"),
]


@by_complaint("fields", GROUPS)
def test_a_group_that_no_server_has_is_refused(
    fake: FakeOnCall, fields: dict[str, Any], kind: type[Exception], complaint: str
) -> None:
    """It is not created, nor by the factory."""
    for make in (fake.add_group, Factory(fake).group):
        with pytest.raises(kind, match=re.escape(complaint)):
            make(**fields)
    assert not fake.groups
    assert not fake.integrations


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"team": "SRE", "env": "prod"}, id="mapping"),
        pytest.param(["team:SRE", "env:prod"], id="strings"),
        pytest.param([("team", "SRE"), ("env", "prod")], id="pairs"),
    ],
)
def test_labels_are_given_as_the_client_takes_them(fake: FakeOnCall, labels: Any) -> None:
    """And are added to the repository."""
    group = fake.add_group(labels=labels)
    assert group.labels == [("team", "SRE"), ("env", "prod")]
    assert fake.add_group(labels="team:SRE").labels == [("team", "SRE")]
    body = {"key": {"name": "env"}, "value": {"name": "prod"}}
    removed = ask(fake, "POST", f"alert_groups/{group.id}/labels/remove/", body)
    assert removed.status == 204
    assert ask(fake, "POST", f"alert_groups/{group.id}/labels/", body).status == 201


Method = Callable[[FakeOnCall], Callable[..., object]]
FAULT = "a fault, such as status(503) or reset(), is needed"


SLIPS: list[tuple[Method, dict[str, Any], type[Exception], str]] = [
    (lambda _: RateLimit, {"requests": 0}, ValueError, "requests=0: a whole number, 1 or more, is"),
    (lambda _: RateLimit, {"requests": -1}, ValueError, "requests=-1: a whole number, 1 or more"),
    (lambda _: RateLimit, {"requests": 1.5}, TypeError, "requests=1.5: a whole number, 1 or more"),
    (
        lambda _: RateLimit,
        {"window": timedelta(0)},
        ValueError,
        "window=datetime.timedelta(0): a p",
    ),
    (lambda _: RateLimit, {"window": BACK}, ValueError, "is needed"),
    (lambda _: RateLimit, {"window": 60}, TypeError, "window=60: a positive timedelta, such as"),
    (lambda f: Factory(f).groups, {"number": -1}, ValueError, "number=-1: a whole number, 0"),
    (lambda f: Factory(f).groups, {"number": "2"}, TypeError, "number='2': a whole number, 0"),
    (lambda f: Factory(f).groups, {"number": 2, "apart": 5}, TypeError, "apart=5: a timedelta"),
    (
        lambda f: Factory(f).groups,
        {"number": 0, "started_at": "now"},
        TypeError,
        "started_at='now': an aware datetime, such as",
    ),
    (lambda f: Factory(f).storm, {"groups": -1}, ValueError, "groups=-1: a whole number, 0 or"),
    (
        lambda _: seed_storm,
        {"fake": FakeOnCall(), "groups": "9"},
        TypeError,
        "groups='9': a wh",
    ),
    (
        lambda f: f.add_token,
        {"token": "t", "role": "root"},
        ValueError,
        "role='root': one of 'v",
    ),
    (lambda f: f.add_token, {"token": 5}, TypeError, "token=5: a non-empty str is"),
    (
        lambda f: f.add_user,
        {"username": ""},
        ValueError,
        "username='': a non-empty str",
    ),
    (lambda f: f.add_team, {"name": None}, TypeError, "name=None: a non-empty str is"),
    (lambda f: f.add_escalation_chain, {"name": 5}, TypeError, "name=5: a non-empty str"),
    (lambda f: f.add_integration, {"type": None}, TypeError, "type=None: a non-empty str"),
    (lambda f: f.add_integration, {"id": ""}, ValueError, "id='': a non-empty str is"),
    (lambda f: f.faults.add, {"fault": status}, TypeError, FAULT),
    (lambda f: f.faults.add, {"fault": reset(), "lasting": 5}, TypeError, "lasting=5: a posit"),
    (lambda f: f.faults.add, {"fault": reset(), "times": "2"}, TypeError, "times='2': a whole"),
    (lambda f: f.faults.choose, {"choice": reset()}, TypeError, "a function is needed"),
    (lambda _: throttle, {"seconds": "5"}, TypeError, "seconds='5': a whole number of seconds"),
    (lambda _: throttle, {"seconds": 1.5}, TypeError, "seconds=1.5: a whole number of seconds"),
    (lambda _: status, {"code": "503"}, TypeError, "code='503': a status from 200 to 599 is"),
    (lambda _: error, {"body": {}, "code": 200}, ValueError, "code=200: a status from 400 to"),
    (lambda _: VirtualClock().advance, {"delta": 5}, TypeError, "delta=5: a timedelta of zero"),
    (
        lambda _: VirtualClock().advance,
        {"delta": BACK},
        ValueError,
        "delta=datetime.timedelta(",
    ),
    (lambda _: LoopClock().advance, {"delta": -5}, TypeError, "delta=-5: a timedelta of zero"),
    (lambda _: LoopClock().advance, {"delta": "5m"}, TypeError, "delta='5m': a timedelta of"),
    (lambda _: LoopClock().advance, {"delta": BACK}, ValueError, "delta=datetime.timedelta("),
    (
        lambda _: LoopClock,
        {"start": "2026-01-01"},
        TypeError,
        "start='2026-01-01': an aware da",
    ),
    (
        lambda _: LoopClock,
        {"start": NAIVE},
        ValueError,
        "start=datetime.datetime(2026, 1, 1, 0",
    ),
    (lambda _: VirtualClock, {"start": None}, TypeError, "start=None: an aware datetime, such"),
]


@pytest.mark.parametrize(
    ("method", "given", "kind", "complaint"), SLIPS, ids=[slip[-1] for slip in SLIPS]
)
def test_a_mistake_is_refused_where_it_is_made(
    fake: FakeOnCall, method: Method, given: dict[str, Any], kind: type[Exception], complaint: str
) -> None:
    """With the argument, its value, and what is needed."""
    call = method(fake)
    with pytest.raises(kind, match=re.escape(complaint)) as caught:
        call(**given)
    assert str(caught.value).startswith(f"{[*given][-1]}=")


def test_a_choice_of_faults_must_return_one(fake: FakeOnCall) -> None:
    """The first request for which it is called says so."""
    slip: Any = lambda _request, _operation: status  # noqa: E731
    fake.faults.choose(slip)
    with pytest.raises(TypeError, match=f"^choice=<function status .*{re.escape(FAULT)}$"):
        ask(fake, "GET", "alert_groups/")


@pytest.mark.parametrize("name", ["silence", "silence_alert_group"])
def test_a_fault_takes_the_names_that_calls_take(fake: FakeOnCall, name: str) -> None:
    """The short one and the full one; other operations are not affected."""
    fake.faults.add(status(503), operation=name)
    group = fake.add_group()
    assert ask(fake, "POST", f"alert_groups/{group.id}/acknowledge/").status == 200
    assert ask(fake, "POST", f"alert_groups/{group.id}/silence/", {"delay": 60}).status == 503
    assert [call.status for call in fake.calls(name)] == [503]


def test_a_fault_for_an_unknown_operation_names_the_known_ones(
    fake: FakeOnCall,
) -> None:
    """And those that a short name could mean."""
    with pytest.raises(ValueError, match=f"'ack': {', '.join(OPERATION_NAMES)}$"):
        fake.faults.add(reset(), operation="ack")
    with pytest.raises(ValueError, match=r"'get' is short for .*get_integration, .*get_alert_gr"):
        fake.faults.add(reset(), operation="get")


def test_calls_that_are_not_kept_cannot_be_read() -> None:
    """An empty list would say that nothing was called; calls after it is enabled are there."""
    fake = FakeOnCall(keep_calls=False)
    ask(fake, "GET", "alert_groups/")
    for read in (lambda: fake.calls("list_alert_groups"), lambda: fake.calls[-1]):
        with pytest.raises(RuntimeError, match="does not record calls"):
            read()
    fake.keep_calls = True
    ask(fake, "GET", "integrations/")
    assert [call.operation for call in fake.calls] == ["list_integrations"]


@pytest.mark.parametrize(
    ("method", "given", "complaint"),
    [
        (lambda f: f.add_group, "titel", "add_group() has no `titel`; did you mean `title`?"),
        (lambda f: Factory(f).group, "titel", "group() has no `titel`; did you mean `title`?"),
        (lambda f: Factory(f).integration, "nam", "integration() has no `nam`; did you mean `name"),
        (lambda f: f.add_user, "mail", "add_user() has no `mail`; did you mean `email`?"),
        (lambda f: f.faults.add, "for_", "add() has no `for_`; it takes fault, lasting, operation"),
        (lambda _: FakeOnCall, "flavor", "FakeOnCall() has no `flavor`; did you mean `flavour`?"),
    ],
)
def test_an_unknown_keyword_is_named_as_the_caller_called(
    fake: FakeOnCall, method: Method, given: str, complaint: str
) -> None:
    """Not by the class in which the method is defined."""
    call = method(fake)
    with pytest.raises(TypeError, match=f"^{re.escape(complaint)}"):
        call(**{given: "x"})


def test_an_unknown_keyword_of_many_groups_is_refused(fake: FakeOnCall) -> None:
    """They have the fields of one."""
    with pytest.raises(TypeError, match=r"^groups\(\) has no `titel`; did you mean `title`\?$"):
        Factory(fake).groups(2, titel="x")


def test_what_a_fake_holds_is_printed_briefly(fake: FakeOnCall) -> None:
    """A storm of 500 groups would fill a terminal with their payloads and integrations."""
    storm = seed_storm(fake)
    assert len(repr(storm)) / len(storm) < 150
    group, source = storm[0], storm[0].integration
    assert repr(group) == (
        f"FakeAlertGroup(id={group.id!r}, title={group.title!r}, state={group.state!r})"
    )
    assert repr(source) == (
        f"FakeIntegration(id={source.id!r}, type={source.type!r}, name={source.name!r})"
    )
    assert len(repr(ask(fake, "GET", "alert_groups/"))) < 250


def test_what_is_shown_is_short(fake: FakeOnCall) -> None:
    """However long the value."""
    with pytest.raises(ValueError, match=rf"^state='{'x' * 58}…: one of "):
        fake.add_group(state="x" * 999)  # type: ignore[arg-type]  # the slip


def test_a_clock_of_another_zone_is_as_good(fake: FakeOnCall) -> None:
    """Any aware time will do; the loops' clock has the real time by default."""
    assert LoopClock(datetime(2026, 1, 1, tzinfo=UTC)).now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert fake.add_group(started_at=NAIVE.astimezone()).started_at == NAIVE.astimezone()
