"""The errors: their tree, their messages, and that they can be sent between processes."""

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import errors
from grafana_oncall.errors import (
    AlreadyInState,
    Attempt,
    BadRequest,
    CheckpointError,
    ClientStateError,
    Conflict,
    DecodeError,
    EndpointUnavailable,
    FilterIgnored,
    Forbidden,
    IdsDropped,
    InvalidArgument,
    JournalError,
    LabelError,
    MultipleFound,
    NotAnEvent,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    Problem,
    RateLimited,
    RequestTimeout,
    SelectionTooLarge,
    ServerError,
    StatusError,
    StoreUnavailable,
    TemplateError,
    TimeRangeError,
    TokenUnavailable,
    TransportError,
    Unauthorized,
    UserTokenRequired,
    WaitTimeout,
    excerpt,
)
from grafana_oncall.models import Team

STATUS_CLASSES: list[type[StatusError]] = [
    StatusError,
    BadRequest,
    Conflict,
    AlreadyInState,
    Unauthorized,
    Forbidden,
    UserTokenRequired,
    NotFound,
    EndpointUnavailable,
    RateLimited,
    ServerError,
]
PROBLEMS = (
    Problem(where="team:SRE 1", rule="no spaces"),
    Problem(where="templates.slack.title", rule="unexpected '}'", line=2),
)


def status_error(kind: type[StatusError]) -> StatusError:
    """A status error with every attribute set."""
    return kind(
        status=418,
        detail="type: no tea",
        fields={"type": ("no tea",)},
        operation="create_integration",
        method="POST",
        path="/api/v1/integrations/",
        hint="brew coffee.",
        reset_after=48.0,
    )


ERRORS: list[OnCallError] = [
    OnCallError("anything"),
    InvalidArgument("page=0: 1 or more.", argument="page"),
    LabelError(PROBLEMS, argument="labels"),
    TemplateError(PROBLEMS, argument="templates"),
    TimeRangeError("started_at: reversed.", argument="started_at"),
    ClientStateError("The client is closed."),
    TransportError("list_alert_groups: no response.", operation="list_alert_groups", sent=False),
    RequestTimeout("list_alert_groups: no response.", operation="list_alert_groups", sent=True),
    NotAnEvent("Expected `str`, got `null`", path="$.event.type"),
    DecodeError(
        "Expected `str`, got `null`",
        operation="get_alert_group",
        status=200,
        content=b'{"id":null}',
        path="$.id",
    ),
    OutcomeUnknown("create_integration: look for it.", operation="create_integration"),
    FilterIgnored("asked for state=new.", group_id="I1", unmet="state=new"),
    IdsDropped(
        "UX is unknown.",
        kept={"users": ("U1",)},
        lost={"users": ("UX",)},
        result=Team(id="T1", name="SRE"),
    ),
    MultipleFound("Two have name='a': T1, T2.", ids=("T1", "T2")),
    TokenUnavailable("token: the function raised.", argument="token", raised=True),
    StoreUnavailable("The store does not respond."),
    SelectionTooLarge("The selection has 3 groups or more.", limit=2),
    JournalError("run.jsonl: it cannot be read.", path="run.jsonl"),
    CheckpointError("watch.json: it cannot be read.", path="watch.json"),
    WaitTimeout("It did not come about in 5 s.", last={"I1": "firing", "I2": None}),
    *(status_error(kind) for kind in STATUS_CLASSES),
]
BY_NAME = [pytest.param(error, id=type(error).__name__) for error in ERRORS]


def drawn() -> dict[str, tuple[str, str | None]]:
    """The docstring's drawing: each name with the class above it and the one in brackets."""
    tree: dict[str, tuple[str, str | None]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(
            r" {4}(?P<bars>[│ ]*(?:[├└]── )?)(?P<name>\w+)(?: \((?P<also>\w+)\))?", line
        )
        if found:
            depth, name = len(found["bars"]) // 4, found["name"]
            del above[depth:]
            tree[name] = (above[-1] if above else "Exception", found["also"])
            above.append(name)
    return tree


def defined() -> dict[str, type[OnCallError]]:
    """Every public error class of the module."""
    classes = inspect.getmembers(errors, inspect.isclass)
    return {
        name: kind
        for name, kind in classes
        if issubclass(kind, OnCallError) and not name.startswith("_")
    }


def test_the_tree_is_as_drawn() -> None:
    """Name by name, with parents, and with the built-in class if one is drawn."""
    tree: dict[str, tuple[str, str | None]] = {}
    for name, kind in defined().items():
        ours = [
            base for base in kind.__mro__[1:] if base.__name__ in defined() or base is Exception
        ]
        builtin = next(
            (
                one.__name__
                for one in (ValueError, RuntimeError, TimeoutError)
                if one in kind.__bases__
            ),
            None,
        )
        tree[name] = (ours[0].__name__, builtin)
    assert drawn() == tree
    assert len(tree) == len(ERRORS)


def test_all_is_complete() -> None:
    """`__all__` has every error and the values that some hold, and nothing else."""
    assert set(errors.__all__) == {*defined(), "Attempt", "Problem"}
    assert errors.__all__ == sorted(errors.__all__)


def test_no_error_derives_from_another_library() -> None:
    """All other bases are built in."""
    for kind in defined().values():
        for base in kind.__mro__:
            assert base.__module__ in {"builtins", "grafana_oncall.errors"}


def test_every_class_is_tested_here() -> None:
    """A new one must be added to ERRORS."""
    assert {type(error) for error in ERRORS} == {*defined().values()}


PROTOCOLS: list[Callable[[Any], Any]] = [
    *(
        lambda error, version=version: pickle.loads(pickle.dumps(error, version))  # noqa: S301
        for version in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
    copy.copy,
    copy.deepcopy,
]


@pytest.mark.parametrize("error", BY_NAME)
@pytest.mark.parametrize("clone", PROTOCOLS)
def test_every_error_survives_pickle_and_copy(
    error: OnCallError, clone: Callable[[OnCallError], OnCallError]
) -> None:
    """With its message and all its attributes."""
    twin = clone(error)
    assert twin is not error
    assert type(twin) is type(error)
    assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))


def test_attempts_survive() -> None:
    """Every attempt of the call, with its duration."""
    error = status_error(RateLimited)
    assert (error.attempts, error.elapsed) == ((), None)
    error.attempts = (
        Attempt(number=1, status=429, error="RateLimited", waited=0.0, latency=0.1, delay=None),
    )
    error.elapsed = 0.1
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (twin.attempts, twin.elapsed) == (error.attempts, 0.1)


def test_notes_survive_as_well() -> None:
    """They are an attribute like any other."""
    error = InvalidArgument("page", argument="page")
    error.add_note("while walking")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while walking"]  # noqa: S301


def test_a_subclass_of_a_user_survives_as_well() -> None:
    """Whatever arguments its own __init__ takes."""
    error = Custom(3)
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (type(twin), twin.number, twin.argument) == (Custom, 3, "x")


class Custom(InvalidArgument):
    """A user's own error."""

    def __init__(self, number: int) -> None:
        super().__init__(f"{number} of them", argument="x")
        self.number: int = number


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(
            LabelError(PROBLEMS, argument="labels"),
            "labels: 2 problems:\n"
            "  - team:SRE 1: no spaces\n"
            "  - templates.slack.title (line 2): unexpected '}'",
            id="problems",
        ),
        pytest.param(
            LabelError(PROBLEMS[:1], argument="labels"),
            "labels: one problem:\n  - team:SRE 1: no spaces",
            id="one problem",
        ),
        pytest.param(
            status_error(BadRequest),
            "create_integration: 418 type: no tea (POST /api/v1/integrations/). Hint: brew coffee.",
            id="status",
        ),
        pytest.param(
            StatusError(
                status=400, detail="x", fields={}, operation="o", method="GET", path="/api/v1/"
            ),
            "o: 400 x (GET /api/v1/).",
            id="status without hint",
        ),
        pytest.param(
            DecodeError("it is odd", operation="o", status=200, content=b"{", path="$.a[0]"),
            "o: 200, but it is odd at $.a[0]. The body begins '{'. Hint: the server may be newer "
            "than this release: look for a newer one; .content has the whole body.",
            id="decode",
        ),
        pytest.param(
            DecodeError("it is not JSON", operation="o", status=204, content=b"x" * 200),
            "o: 204, but it is not JSON. The body begins '"
            + "x" * 120
            + "'…. Hint: check that url= is "
            "the OnCall API's, and that no proxy or login page responds in its place.",
            id="decode without path",
        ),
    ],
)
def test_an_error_says_what_happened_where(error: OnCallError, text: str) -> None:
    """Operation, status, place, text, and what to do."""
    assert str(error) == text


def test_problems_are_available_in_order() -> None:
    """As values."""
    error = LabelError([*PROBLEMS], argument="labels")
    assert (error.problems, error.argument) == (PROBLEMS, "labels")
    assert LabelError([], argument="labels").problems == ()


def test_a_rate_limit_may_have_no_time() -> None:
    """`reset_after` is None if the server gave none."""
    error = RateLimited(status=429, detail="", fields={}, operation="o", method="GET", path="/")
    assert error.reset_after is None


def test_errors_in_a_group_are_distinguished() -> None:
    """`except*` finds each by its class, and derived groups keep them."""
    limited, missing, late = (
        status_error(RateLimited),
        status_error(NotFound),
        RequestTimeout("o: no response.", operation="o", sent=True),
    )
    seen: list[object] = []
    try:
        raise ExceptionGroup("bulk", [limited, ExceptionGroup("page", [missing, late])])
    except* RateLimited as group:
        seen.append(group.exceptions)
    except* StatusError as group:
        seen.append(group.subgroup(NotFound))
    except* TransportError as group:
        found = group.subgroup(lambda error: error is late)
        seen.append(found)
    assert len(seen) == 3
    assert seen[0] == (limited,)
    assert all(isinstance(one, ExceptionGroup) for one in seen[1:])


def test_a_group_of_errors_pickles() -> None:
    """As from a process pool."""
    group = pickle.loads(pickle.dumps(ExceptionGroup("all", ERRORS)))  # noqa: S301  # our own
    assert [str(error) for error in group.exceptions] == [str(error) for error in ERRORS]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"", "''", id="empty"),
        pytest.param(b"{}", "'{}'", id="short"),
        pytest.param(b"x" * 120, "'" + "x" * 120 + "'", id="as long as may be"),
        pytest.param(b"x" * 121, "'" + "x" * 120 + "'…", id="longer"),
        pytest.param(b"\x1b[31m\r\n", r"'\x1b[31m\r\n'", id="escapes"),
        pytest.param("\xe4\u2603".encode(), r"'\xe4\u2603'", id="not ascii"),
        pytest.param(b"\xff", r"'\ufffd'", id="no text"),
    ],
)
def test_an_excerpt_is_the_first_bytes(content: bytes, text: str) -> None:
    """As one line."""
    assert excerpt(content) == text


@given(st.binary())
def test_an_excerpt_is_printable(content: bytes) -> None:
    """Whatever the bytes are."""
    assert excerpt(content).isprintable()


@pytest.mark.parametrize("kind", [type(error) for error in ERRORS])
def test_every_class_says_what_to_do(kind: type[OnCallError]) -> None:
    """Its docstring does, in words of its own, from which a table of all errors is made."""
    assert "What to do: " in (kind.__doc__ or "")
