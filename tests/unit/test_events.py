"""Events of a client: one log record and one call of the listener for each."""

import logging
from typing import Any, get_args, get_type_hints

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError

from grafana_oncall import events
from grafana_oncall.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    GroupsSkipped,
    ListIncomplete,
    PageRead,
    Paused,
    PollEnded,
    RetryScheduled,
    emit,
)

LOGGER = "grafana_oncall"
LIST = "list_alert_groups"

ALL: tuple[Event, ...] = (
    CallStarted(call=1, operation=LIST, method="GET", path="/api/v1/alert_groups/"),
    AttemptEnded(
        call=1, operation=LIST, attempt=1, status=503, error="ServerError", waited=0.25, latency=0.5
    ),
    RetryScheduled(call=1, operation=LIST, attempt=1, delay=0.75, error="ServerError"),
    Paused(seconds=48.0, reason="throttled"),
    PageRead(operation=LIST, number=1, items=50, count=120),
    ListIncomplete(operation=LIST, items=128, count=145),
    GroupsSkipped(number=2, ids=("I1",), path="$.results[0].title"),
    CallEnded(call=1, operation=LIST, attempts=2, elapsed=2.0, error=None),
    PollEnded(watched=120, lag=15.0, error=None),
)
EACH = [pytest.param(event, id=type(event).__name__) for event in ALL]


def test_the_examples_are_all_events() -> None:
    """A new event must be added to these tests, and needs a public name."""
    kinds = {type(event).__name__ for event in ALL}
    assert kinds == {kind.__name__ for kind in get_args(Event)}
    assert set(events.__all__) == kinds | {"Event", "Listener"}


@pytest.mark.parametrize("event", EACH)
def test_each_event_is_one_record(event: Event, caplog: pytest.LogCaptureFixture) -> None:
    """With its level and text, and the event itself for handlers that use its fields."""
    caplog.set_level(logging.DEBUG, LOGGER)
    emit(event)
    (record,) = caplog.records
    assert (record.name, record.levelno) == (LOGGER, event.level)
    assert record.getMessage() == str(event)
    assert record.getMessage().startswith(type(event).__name__)
    assert vars(record)["oncall"] is event
    assert record.exc_info is None


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        pytest.param(logging.DEBUG, {type(event).__name__ for event in ALL}, id="debug: all"),
        pytest.param(
            logging.INFO,
            {"RetryScheduled", "Paused", "ListIncomplete", "GroupsSkipped"},
            id="info: what delays, too",
        ),
        pytest.param(
            logging.WARNING,
            {"Paused", "ListIncomplete", "GroupsSkipped"},
            id="warning: what delays everybody, and what is missing",
        ),
        pytest.param(logging.ERROR, set[str](), id="error: nothing"),
    ],
)
def test_the_log_level_selects_events(
    level: int, shown: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    """By default a service sees pauses and incomplete lists; the rest is for debugging."""
    caplog.set_level(level, LOGGER)
    for event in ALL:
        emit(event)
    assert {type(vars(record)["oncall"]).__name__ for record in caplog.records} == shown


@attrs.frozen(kw_only=True)
class Unprintable(CallStarted):
    """An event that must not be formatted."""

    def __str__(self) -> str:
        raise AssertionError("formatted")


UNPRINTABLE = Unprintable(call=1, operation=LIST, method="GET", path="/")


def test_nothing_is_formatted_when_the_level_is_off(caplog: pytest.LogCaptureFixture) -> None:
    """No record is made, but the listener is called all the same."""
    caplog.set_level(logging.INFO, LOGGER)
    received: list[Event] = []
    emit(UNPRINTABLE, [received.append])
    assert (received, caplog.records) == ([UNPRINTABLE], [])


def test_nothing_is_formatted_before_a_handler_needs_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that sends only the fields never pays for the text."""
    kept: list[logging.LogRecord] = []
    caplog.set_level(logging.DEBUG, LOGGER)
    monkeypatch.setattr(logging.getLogger(LOGGER), "handle", kept.append)
    emit(UNPRINTABLE)
    assert [vars(record)["oncall"] for record in kept] == [UNPRINTABLE]


@pytest.mark.parametrize("event", EACH)
def test_the_listener_gets_the_event_itself(event: Event) -> None:
    """Once."""
    received: list[Event] = []
    emit(event, [received.append])
    assert len(received) == 1
    assert received[0] is event


@pytest.mark.parametrize("event", EACH)
def test_a_failing_listener_does_not_affect_the_call(
    event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its traceback, and the call continues."""

    def broken(_: Event) -> None:
        raise LookupError("my own fault")

    caplog.set_level(logging.ERROR, LOGGER)
    emit(event, [broken])
    (record,) = caplog.records
    assert record.name == LOGGER
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"The listener failed on {type(event).__name__}"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


def test_each_of_several_listeners_is_called_even_if_others_fail() -> None:
    """In their order."""
    received: list[str] = []

    def broken(_: Event) -> None:
        raise LookupError("my own fault")

    emit(ALL[0], [lambda _: received.append("first"), broken, lambda _: received.append("last")])
    assert received == ["first", "last"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_propagates(stop: type[BaseException]) -> None:
    """Only errors are suppressed."""

    def ending(_: Event) -> None:
        raise stop

    with pytest.raises(stop):
        emit(ALL[0], [ending])


@pytest.mark.parametrize("event", EACH)
def test_events_are_frozen_values(event: Event) -> None:
    """Several listeners may share one: comparable, hashable, immutable."""
    same = attrs.evolve(event)
    assert same == event
    assert hash(same) == hash(event)
    for field in attrs.fields(type(event)):
        with pytest.raises(FrozenInstanceError):
            setattr(event, field.name, None)
    kind: Any = type(event)
    with pytest.raises(TypeError, match="positional"):
        kind(*attrs.astuple(event))


FIELDS: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("call", "attempt", "attempts", "number", "items", "count", "watched"), (int,)),
    **dict.fromkeys(("waited", "latency", "delay", "elapsed", "seconds", "lag"), (float,)),
    **dict.fromkeys(("operation", "method", "path", "reason"), (str,)),
    "status": (int | None,),
    "error": (str, str | None),
    "ids": (tuple[str, ...],),
}
"""Everything that an event may say. A new member belongs here once it is known to be harmless: no
token, no header, no query (its label filters are the users' own), no body, no error's message (the
server quotes the input in it)."""


@pytest.mark.parametrize("event", EACH)
def test_no_event_has_room_for_a_query_or_a_body(event: Event) -> None:
    """Only numbers, and the names pinned here; an error is a class name, never a text."""
    hints = get_type_hints(type(event))
    for field in attrs.fields(type(event)):
        assert hints[field.name] in FIELDS[field.name]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        pytest.param("throttled", "the server responded 429", id="by the server"),
        pytest.param(
            "unknown_stack",
            "the server responded 429, because it does not know the stack of grafana_url= yet and "
            "is synchronizing it: check the URL, or wait a few minutes",
            id="by a server that learns about a stack",
        ),
        pytest.param(
            "unreachable", "the server cannot be reached, or does not respond", id="by an outage"
        ),
        pytest.param(
            "unavailable", "a gateway responds in the server's place", id="by a gateway's outage"
        ),
        pytest.param(
            "rate_limit_storage",
            "the Redis of its rate_limit_storage does not respond",
            id="by an outage of Redis",
        ),
        pytest.param("rate_limit", "of its own rate_limit", id="by the client's own limit"),
    ],
)
def test_a_pause_is_logged_in_plain_words(reason: str, cause: str) -> None:
    """A service without logging configuration sees it."""
    shown = str(Paused(seconds=6.04, reason=reason))
    assert shown == f"Paused: all calls of the client wait 6.0 s, because {cause}."


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(1.0, "1.0 s"), (0.9, "900 ms"), (0.0101, "11 ms"), (0.00001, "1 ms"), (0.0, "0 ms")],
)
def test_a_pause_of_less_than_a_second_is_logged_in_milliseconds(seconds: float, says: str) -> None:
    """Those of a client's own rate limit are short, and none of them takes no time."""
    shown = str(Paused(seconds=seconds, reason="rate_limit"))
    assert f" wait {says}, because " in shown


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        pytest.param((), "without an id", id="none shows one"),
        pytest.param(("I1", "I2"), "I1, I2 ", id="some"),
        pytest.param(("I",) * 11, ", ".join(["I"] * 10) + ", … ", id="many"),
    ],
)
def test_groups_that_are_skipped_are_named(ids: tuple[str, ...], says: str) -> None:
    """Ten of them at most."""
    event = GroupsSkipped(number=30, ids=ids, path="$.results[0].title")
    assert f"30 alert groups cannot be decoded and are not watched: {says}" in f"{event}"
    assert "such as at $.results[0].title" in f"{event}"
