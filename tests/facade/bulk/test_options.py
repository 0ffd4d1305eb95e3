"""The options of bulk runs are checked at the call."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc, signature
from typing import Any

import pytest
from attrs import fields_dict

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Bulk, BulkOptions, ResumeOptions
from grafana_oncall.bulk.options import Settings
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall
from tests.support.samples import BASE


def wrong(**options: Any) -> Callable[[OnCallClient], object]:
    """Return a call that resolves one id with these options."""
    return lambda client: client.alert_groups.bulk.resolve(["I1"], **options)


METHODS = (
    *("acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence", "delete"),
    *("add_labels", "remove_labels"),
)


@pytest.mark.parametrize("method", METHODS)
def test_every_action_takes_and_explains_every_option(method: str) -> None:
    """By its name, its type and its default, for `help` and editors."""
    function = getattr(Bulk, method)
    parameters, defaults = signature(function).parameters, fields_dict(Settings)
    for option in BulkOptions.__annotations__:
        assert parameters[option].default == defaults[option].default
        assert f"\n    {option}: " in (getdoc(function) or "")


def test_resume_takes_and_explains_the_options_that_are_not_in_the_journal() -> None:
    """The others would contradict it."""
    taken = [*signature(Bulk.resume).parameters]
    assert taken == ["self", "journal", "name", *ResumeOptions.__annotations__]
    for option in ResumeOptions.__annotations__:
        assert f"\n    {option}: " in (getdoc(Bulk.resume) or "")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(
            wrong(dryrun=True),
            "bulk.resolve() has no `dryrun`; did you mean `dry_run`?",
            id="a slip",
        ),
        pytest.param(
            lambda c: c.alert_groups.bulk.delete(["I1"], modes="delete"),
            "bulk.delete() has no `modes`; did you mean `mode`?",
            id="the action's own argument",
        ),
        pytest.param(
            lambda c: c.alert_groups.bulk.resume("j", dry_run=True),
            "bulk.resume() has no `dry_run`; it takes fsync, journal, lock, max_at_once, name, "
            "on_progress, stop_after_failures",
            id="of another method",
        ),
    ],
)
def test_an_unknown_option_is_reported_with_the_call_and_the_nearest_option(
    call: Callable[[OnCallClient], object], message: str
) -> None:
    """The call as the caller wrote it, not an internal class of the SDK."""
    with pytest.raises(TypeError) as caught:
        call(OnCallClient(url=BASE, token="any"))
    assert str(caught.value) == message


BAD: dict[str, tuple[str, Callable[[OnCallClient], object]]] = {
    "no group at once": ("max_at_once", wrong(max_at_once=0)),
    "half a group at once": ("max_at_once", wrong(max_at_once=0.5)),
    "None at once": ("max_at_once", wrong(max_at_once=None)),
    "True at once": ("max_at_once", wrong(max_at_once=True)),
    "no failures": ("stop_after_failures", wrong(stop_after_failures=0)),
    "no items": ("max_items", wrong(max_items=0)),
    "a bar that cannot be called": ("on_progress", wrong(on_progress=3)),
    "a dry run by word": ("dry_run", wrong(dry_run="yes")),
    "everything by number": ("everything", wrong(everything=1)),
    "a journal of bytes": ("journal", wrong(journal=b"x")),
    "fsync by word": ("fsync", wrong(fsync="no")),
    "ids that converge": ("converge", wrong(converge=True)),
    "a dry run with a journal": ("journal", wrong(dry_run=True, journal="x.jsonl")),
    "no labels": ("labels", lambda c: c.alert_groups.bulk.add_labels(["I1"], {})),
    "no labels to remove": ("labels", lambda c: c.alert_groups.bulk.remove_labels(["I1"], [])),
    "a bad label": ("labels", lambda c: c.alert_groups.bulk.add_labels(["I1"], "a:b:c")),
    "an empty label": ("labels", lambda c: c.alert_groups.bulk.remove_labels(["I1"], [":"])),
    "no delay": ("delay", lambda c: c.alert_groups.bulk.silence(["I1"], 0)),
    "an unknown mode": (
        "mode",
        lambda c: c.alert_groups.bulk.delete(["I1"], mode="purge"),  # type: ignore[arg-type]
    ),
    "no time to wait": ("wait", lambda c: c.alert_groups.bulk.delete(["I1"], wait=-1)),
}


@pytest.mark.parametrize(
    ("argument", "call"), [pytest.param(*case, id=name) for name, case in BAD.items()]
)
def test_options_are_checked_at_the_call(
    fake: FakeOnCall, argument: str, call: Callable[[OnCallClient], object]
) -> None:
    """With the name of the invalid one."""
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    with pytest.raises(InvalidArgument) as caught:
        call(client)
    assert caught.value.argument == argument


def test_unknown_options_are_refused(fake: FakeOnCall) -> None:
    """With a TypeError, as by Python."""
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    with pytest.raises(TypeError, match="maximum"):
        wrong(maximum=3)(client)
