"""Any response that is not the API's is an error of the SDK's, with its path."""

import json
import pickle
import re
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall import Page, Request, Response, operations
from grafana_oncall._codec.decode import decode
from grafana_oncall.errors import DecodeError, OnCallError
from grafana_oncall.models import AlertGroup
from tests.support.budget import budget
from tests.support.responses import GET, GROUP, LIST, REQUESTS, group, response_of

BY_ID = [pytest.param(request, id=request.operation.id) for request in REQUESTS]
NO_TEXT = [request for request in REQUESTS if request.returns is not str]
NOTHING_DUE = [pytest.param(r, id=r.operation.id) for r in REQUESTS if r.returns is type(None)]
BODY_DUE = [
    pytest.param(r, id=r.operation.id) for r in REQUESTS if r.returns not in {str, type(None)}
]
WRONG = [
    pytest.param({"id": None}, "$.id", id="null for a string"),
    pytest.param({"id": 1}, "$.id", id="number for a string"),
    pytest.param({"id": ["A"]}, "$.id", id="list for a string"),
    pytest.param({"alerts_count": "1"}, "$.alerts_count", id="string for a number"),
    pytest.param({"alerts_count": 1.5}, "$.alerts_count", id="fraction for a whole number"),
    pytest.param({"alerts_count": True}, "$.alerts_count", id="bool for a number"),
    pytest.param({"alerts_count": None}, "$.alerts_count", id="null for a number"),
    pytest.param({"state": 1}, "$.state", id="number for an enum"),
    pytest.param({"state": None}, "$.state", id="null for an enum"),
    pytest.param({"title": 5}, "$.title", id="number for a nullable string"),
    pytest.param({"title": {}}, "$.title", id="object for a nullable string"),
    pytest.param({"resolved_at": 5}, "$.resolved_at", id="number for a nullable time"),
    pytest.param({"labels": {}}, "$.labels", id="object for a list"),
    pytest.param({"labels": "x"}, "$.labels", id="string for a list"),
    pytest.param({"labels": [{"key": {"name": "a"}}]}, "$.labels[0]", id="a member is missing"),
    pytest.param(
        {
            "labels": [
                {"key": {"name": "a"}, "value": {"name": "b"}},
                {"key": {"name": "a"}, "value": {"name": 2}},
            ]
        },
        "$.labels[1].value.name",
        id="deep in a list",
    ),
    pytest.param({"permalinks": []}, "$.permalinks", id="list for an object"),
    pytest.param({"permalinks": {"web": 1}}, "$.permalinks.web", id="in a nullable object"),
    pytest.param({"last_alert": {"id": None}}, "$.last_alert.id", id="null in an object"),
    pytest.param({"last_alert": {}}, "$.last_alert", id="an object without its id"),
]


@pytest.mark.parametrize(("members", "path"), WRONG)
def test_a_wrong_type_is_refused_with_its_path(members: dict[str, Any], path: str) -> None:
    """Null is not "None", and 1 is not "1"; alone and on a page."""
    with pytest.raises(DecodeError, match=r"^get_alert_group: 200, but ") as info:
        decode(GET, response_of(group(**members)))
    assert info.value.path == path
    assert f" at {path}. The body begins " in str(info.value)
    page = {"count": 3, "results": [GROUP, GROUP, GROUP | members]}
    with pytest.raises(DecodeError) as info:
        decode(LIST, response_of(json.dumps(page)))
    assert info.value.path == path.replace("$", "$.results[2]")


ODD = GROUP | {"id": "ODD", "title": 5}


def test_an_item_of_another_shape_is_named_by_its_id() -> None:
    """And an object by its own; without one, by its place alone."""
    page = {"count": 3, "results": [GROUP, ODD, {"title": 5}]}
    with pytest.raises(
        DecodeError, match=r"in ODD: Expected .* at \$\.results\[1\]\.title"
    ) as info:
        decode(LIST, response_of(json.dumps(page)))
    assert info.value.object_id == "ODD"
    with pytest.raises(DecodeError, match=r"in ODD: Expected .* at \$\.title") as info:
        decode(GET, response_of(json.dumps(ODD)))
    assert pickle.loads(pickle.dumps(info.value)).object_id == "ODD"  # noqa: S301  # our own
    with pytest.raises(DecodeError) as info:
        decode(LIST, response_of(json.dumps({"count": 1, "results": [{"title": 5}]})))
    assert (info.value.path, info.value.object_id) == ("$.results[0].title", None)


def test_items_of_another_shape_may_be_skipped() -> None:
    """By a request that says so; they are reported beside the others."""
    request = attrs.evolve(LIST, skip_undecodable=True)
    page = decode(
        request, response_of(json.dumps({"count": 4, "results": [GROUP, ODD, None, GROUP]}))
    )
    assert [each.id for each in page.results] == [GROUP["id"]] * 2
    assert [(each.object_id, each.path) for each in page.undecodable] == [
        ("ODD", "$.results[1].title"),
        (None, "$.results[2]"),
    ]
    with pytest.raises(DecodeError) as info:
        decode(request, response_of(json.dumps({"count": "1", "results": []})))
    assert info.value.path == "$.count"


@pytest.mark.parametrize("name", GROUP)
def test_a_missing_member_is_refused(name: str) -> None:
    """Each of the five, by name."""
    content = json.dumps({key: value for key, value in GROUP.items() if key != name})
    with pytest.raises(DecodeError, match=rf"missing required field `{name}` at \$") as info:
        decode(GET, response_of(content))
    assert info.value.path == "$"


@pytest.mark.parametrize(
    ("envelope", "path"),
    [
        pytest.param({"count": None, "results": []}, "$.count", id="count null"),
        pytest.param({"count": "1", "results": []}, "$.count", id="count string"),
        pytest.param({"count": 1}, "$", id="no results"),
        pytest.param({"results": []}, "$", id="no count"),
        pytest.param({"count": 1, "results": None}, "$.results", id="results null"),
        pytest.param({"count": 1, "results": {}}, "$.results", id="results object"),
        pytest.param({"count": 1, "results": [[]]}, "$.results[0]", id="item list"),
        pytest.param({"count": 1, "results": [], "next": 2}, "$.next", id="next number"),
        pytest.param(
            {"count": 1, "results": [], "current_page_number": "1"},
            "$.current_page_number",
            id="page number string",
        ),
        pytest.param(
            {"count": 1, "results": [], "total_pages": 1.5}, "$.total_pages", id="pages fraction"
        ),
        pytest.param([], "$", id="a bare list"),
        pytest.param(None, "$", id="null"),
    ],
)
@pytest.mark.parametrize(
    "request_",
    [pytest.param(one, id=one.operation.id) for one in (LIST, operations.list_integrations())],
)
def test_an_envelope_that_is_none_is_refused(
    request_: Request[Any], envelope: object, path: str
) -> None:
    """With the path in it."""
    with pytest.raises(DecodeError) as info:
        decode(request_, response_of(json.dumps(envelope)))
    assert (info.value.operation, info.value.path) == (request_.operation.id, path)


HTML = "<!doctype html>\n<title>Sign in</title><form>…</form>"
DEEP = 100_000
NONSENSE = [
    pytest.param(b"meow", "'meow'", id="no json"),
    pytest.param(HTML.encode(), "'<!doctype html>\\\\n<title>Sign in", id="html"),
    pytest.param(b'{"id": "A", "alerts_co', '\'{"id": "A", "alerts_co\'', id="truncated"),
    pytest.param(b"{", "'{'", id="one brace"),
    pytest.param(b" ", "' '", id="blank"),
    pytest.param(b"{} {}", "'{} {}'", id="two documents"),
    pytest.param(b"\xff\xfe\0", r"'\\ufffd\\ufffd\\x00'", id="bytes"),
    pytest.param(b"\xef\xbb\xbf{}", r"'\\ufeff{}'", id="byte order mark"),
    pytest.param(b"[" * DEEP, "'" + r"\[" * 120 + "'…", id="open lists"),
    pytest.param(b'{"a":' * DEEP, "'" + '{"a":' * 24 + "'…", id="open objects"),
    pytest.param(b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}", "", id="nested in an unknown member"),
    pytest.param(b"'single'", "\"'single'\"", id="single quotes"),
    pytest.param(b"NaN", "'NaN'", id="not a number"),
    pytest.param(b"\x1b[31m", r"'\\x1b\[31m'", id="terminal colours"),
]


def error_of(request: Request[Any], response: Response) -> DecodeError:
    """The error that a response is."""
    try:
        value = decode(request, response)
    except DecodeError as error:
        return error
    pytest.fail(f"{request.operation.id}: {response.status} {response.content!r} is {value!r}")


@pytest.mark.parametrize(("content", "begins"), NONSENSE)
def test_nonsense_is_one_error_for_every_operation(content: bytes, begins: str) -> None:
    """It names operation and status and shows the first bytes; an action is no exception."""
    for request in NO_TEXT:
        status = request.operation.success
        error = error_of(request, response_of(content, status))
        match = f"(?s)^{request.operation.id}: {status}, but .* The body begins {begins}"
        assert re.match(match, str(error))
        assert (error.operation, error.status) == (request.operation.id, status)
        assert error.content == content
        assert (error.__cause__ is None) == (request.returns is type(None))
        assert str(error).isprintable()
        assert len(str(error)) < 600


def test_bytes_that_are_no_json_have_no_path() -> None:
    """A path is for JSON of the wrong shape."""
    with pytest.raises(DecodeError, match="it is not JSON") as info:
        decode(GET, response_of("meow"))
    assert info.value.path is None


@pytest.mark.parametrize(
    ("content", "path"),
    [
        pytest.param("9" * 5000, "$", id="bare"),
        pytest.param(group(alerts_count=0).replace("0,", "9" * 5000 + ",", 1), None, id="member"),
        pytest.param(group(last_alert=0)[:-2] + '{"id":"x","payload":1e999}}', None, id="payload"),
        pytest.param(group(last_alert=0)[:-2] + "9" * 5000 + "}", None, id="for an object"),
    ],
)
def test_huge_numbers_are_decode_errors(content: str, path: str | None) -> None:
    """Python's limit of digits does not reach the caller."""
    with pytest.raises(DecodeError) as info:
        decode(GET, response_of(content))
    assert path is None or info.value.path == path


def test_a_lone_surrogate_is_a_decode_error() -> None:
    """It is not a character, and could not be printed."""
    with pytest.raises(DecodeError):
        decode(GET, response_of(group(title="\ud800")))


@pytest.mark.parametrize("request_", BODY_DUE)
def test_an_empty_body_where_one_is_required_is_an_error(request_: Request[Any]) -> None:
    """An empty success has no value."""
    status = request_.operation.success
    match = rf"^{request_.operation.id}: {status}, but the body is empty.*Hint"
    with pytest.raises(DecodeError, match=match):
        decode(request_, response_of(b"", status))


def test_the_statuses_of_success_are_those_of_the_documentation() -> None:
    """Creations return 201, deletions 204, and all else 200."""
    usual = {"create": 201, "delete": 204}
    odd = {
        one.id: one.success
        for one in operations.OPERATIONS
        if one.success != usual.get(one.id.partition("_")[0], 200)
    }
    assert odd == {"add_alert_group_label": 201, "remove_alert_group_label": 204}


@pytest.mark.parametrize("request_", NOTHING_DUE)
def test_an_empty_response_is_success_where_no_body_is_expected(request_: Request[Any]) -> None:
    """As all real servers respond."""
    assert decode(request_, response_of(b"", request_.operation.success)) is None


SUCCESSES = (200, 201, 202, 203, 204, 206, 226, 299)


@pytest.mark.parametrize("request_", BY_ID)
def test_another_status_is_no_success(request_: Request[Any]) -> None:
    """A 202 of a queue, a 203 of a proxy: neither is the API's, whatever its body."""
    success = request_.operation.success
    for status in sorted({*SUCCESSES} - {success}):
        for content in (b"", b"{}", group().encode()):
            error = error_of(request_, response_of(content, status))
            assert f": {status}, but success is {success}" in str(error)
            assert error.path is None


@pytest.mark.parametrize("request_", NOTHING_DUE)
@pytest.mark.parametrize(
    "content",
    [
        b'{"error":"upstream down"}',
        b'{"detail":"Can\'t acknowledge a resolved alert group"}',
        b"{}",
        b"null",
        b" ",
        b"Ok.",
        b'"\xff"',
        pytest.param(HTML.encode(), id="a page"),
        pytest.param(json.dumps({"count": 0, "results": []}).encode(), id="another response"),
    ],
)
def test_a_body_where_none_is_expected_is_no_success(
    request_: Request[Any], content: bytes
) -> None:
    """It is not the API's, and perhaps reports a failure; the outcome is unknown."""
    success = request_.operation.success
    match = f"{success}, but there is a body where none belongs"
    with pytest.raises(DecodeError, match=match) as info:
        decode(request_, response_of(content, success))
    assert info.value.path is None


OF_AN_OBJECT = [
    pytest.param(r, id=r.operation.id)
    for r in REQUESTS
    if r.operation.id in {"get_alert_group", "get_integration", "update_integration"}
]
INTEGRATION = {"id": "A", "name": "n", "link": None, "type": "webhook", "team_id": None}


def of_id(request: Request[Any], value: str) -> Response:
    """A response with this object."""
    body = GROUP if "alert_group" in request.operation.id else INTEGRATION
    return response_of(json.dumps({**body, "id": value}))


@pytest.mark.parametrize("request_", OF_AN_OBJECT)
@pytest.mark.parametrize("other", ["B", "a", "A ", "AA", ""])
def test_another_object_is_not_the_response(request_: Request[Any], other: str) -> None:
    """Ids are case-sensitive. Such a response belongs to another request."""
    assert decode(request_, of_id(request_, "A")).id == "A"
    with pytest.raises(DecodeError, match=r"instead of A.*another request") as info:
        decode(request_, of_id(request_, other))
    assert info.value.path is None


@pytest.mark.parametrize(
    ("requested", "reported", "fits"),
    [
        (1, 1, True),
        (1, None, True),
        (7, 7, True),
        pytest.param(7, 3, True, id="past the end, the last page is repeated"),
        (1, 2, False),
        (7, 8, False),
    ],
)
def test_a_later_page_is_not_the_response(
    requested: int, reported: int | None, *, fits: bool
) -> None:
    """An earlier one may be."""
    request = attrs.evolve(LIST, query=(("page", str(requested)),))
    response = response_of(json.dumps({"count": 0, "results": [], "current_page_number": reported}))
    if fits:
        assert decode(request, response).number == (reported or requested)
        return
    with pytest.raises(DecodeError, match=f"page {reported} instead of page {requested}") as info:
        decode(request, response)
    assert info.value.path is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NEAR = st.builds(
    lambda members, drop: {k: v for k, v in {**GROUP, **members}.items() if k != drop},
    st.dictionaries(st.sampled_from([field.name for field in attrs.fields(AlertGroup)]), JSON),
    st.sampled_from([*GROUP, ""]),
)
PAGES = st.fixed_dictionaries(
    {"count": JSON | st.integers(), "results": st.lists(NEAR | JSON, max_size=2) | JSON},
    optional={"next": JSON, "current_page_number": JSON, "total_pages": JSON},
)
LABELS = st.fixed_dictionaries({"key": JSON | NEAR, "value": JSON | st.just({"name": "x"})})
CONTENT = st.binary() | st.builds(
    lambda value: json.dumps(value).encode(), JSON | NEAR | PAGES | LABELS
)
STATUS = st.sampled_from([None] * 9 + [200, 206, 302, 400, 403, 404, 429, 500, 599])
"""None is that of success; the other statuses are refused before the body is read."""


def is_of(value: object, returns: Any) -> bool:
    """Whether a value has the type that the request returns."""
    if get_origin(returns) is Page:
        item = get_args(returns)[0]
        return isinstance(value, Page) and all(isinstance(one, item) for one in value.results)
    return isinstance(value, get_origin(returns) or returns)


@pytest.mark.parametrize("request_", BY_ID)
@settings(max_examples=budget(12, hunt=2000), deadline=None)
@given(content=CONTENT, status=STATUS)
def test_any_response_is_a_value_or_an_error_of_the_sdk(
    request_: Request[Any], content: bytes, status: int | None
) -> None:
    """Never a KeyError, a JSONDecodeError, a RecursionError, or a value of another type."""
    try:
        value = decode(request_, response_of(content, status or request_.operation.success))
    except OnCallError as error:
        assert request_.operation.id in str(error)  # noqa: PT017  # both ends are allowed
        return
    assert is_of(value, request_.returns)
