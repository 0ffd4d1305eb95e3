"""Error responses: the class of each error, and its message."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall import Request, Response, errors, operations
from grafana_oncall._codec.decode import decode
from grafana_oncall._codec.error_responses import GATEWAY, MAX_ERROR_BYTES, error_from_response
from grafana_oncall.models import AlertGroupSilence, PhoneNotification
from tests.support.refused_responses import GET, refused

ACTIONS: dict[str, Request[None]] = {
    "acknowledge": operations.acknowledge_alert_group("A"),
    "unacknowledge": operations.unacknowledge_alert_group("A"),
    "resolve": operations.resolve_alert_group("A"),
    "unresolve": operations.unresolve_alert_group("A"),
    "silence": operations.silence_alert_group("A", AlertGroupSilence(delay=60)),
    "unsilence": operations.unsilence_alert_group("A"),
}
NOT_FOUND_PAGE = b"""
<!doctype html>
<html lang="en">
<head>
  <title>Not Found</title>
</head>
<body>
  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>
</body>
</html>
"""


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        pytest.param(503, b"<h1>Unavailable", "a proxy responded in its place", id="gateway"),
        pytest.param(403, b"<h1>Forbidden", "a proxy responded in its place", id="its 403"),
        pytest.param(500, b"{}", "check the arguments", id="OnCall's own crash"),
        pytest.param(403, b"{}", "needs the permission", id="OnCall's own 403"),
        pytest.param(302, b"", None, id="redirect"),
        pytest.param(409, b"<h1>Conflict", "check its state", id="page of a 409"),
    ],
)
def test_a_hint_depends_on_who_responded(status: int, content: bytes, words: str | None) -> None:
    """A proxy's refusal is not about arguments or permissions."""
    hint = refused(status, content).hint
    assert hint is None if words is None else words in (hint or "")


def test_json_too_deep_to_parse_behind_white_space_is_no_page_of_a_gateway() -> None:
    """OnCall's own errors are JSON."""
    assert not refused(400, b" \n" + b"[" * 60_000).is_gateway
    assert refused(400, b" \n<html>").is_gateway


def test_json_as_long_as_is_read_is_parsed() -> None:
    """To the byte."""
    long = json.dumps({"detail": "no"}).encode().ljust(MAX_ERROR_BYTES)
    assert refused(400, long).detail == "no"
    assert refused(400, long + b" ").detail != "no"


def test_decode_raises_the_refusal_with_all_that_is_known() -> None:
    """Operation, method, path, status, detail."""
    response = Response(status=404, headers={}, content=b'{"detail":"Not found."}')
    with pytest.raises(errors.NotFound) as info:
        decode(operations.update_integration("A", body=None), response)  # type: ignore[arg-type]
    error = info.value
    assert str(error) == (
        "update_integration: 404 Not found. (PUT /api/v1/integrations/A/)."
        " Hint: check the id; a token sees only its own organization."
    )
    assert (error.status, error.detail, error.fields) == (404, "Not found.", {})
    assert (error.operation, error.method) == ("update_integration", "PUT")
    assert error.path == "/api/v1/integrations/A/"


@pytest.mark.parametrize(
    ("content", "detail", "fields"),
    [
        pytest.param({"detail": "Invalid range value"}, "Invalid range value", {}, id="detail"),
        pytest.param(
            {"type": ["This field is required."]},
            "type: This field is required.",
            {"type": ("This field is required.",)},
            id="field with a list",
        ),
        pytest.param(
            {"state": "Must be one of the following: new"},
            "state: Must be one of the following: new",
            {"state": ("Must be one of the following: new",)},
            id="field with a string",
        ),
        pytest.param(
            {"non_field_errors": ["An integration with this name already exists"]},
            "An integration with this name already exists",
            {},
            id="non_field_errors",
        ),
        pytest.param({"error": "invalid delay value"}, "invalid delay value", {}, id="error"),
        pytest.param('"Invalid mode"', "Invalid mode", {}, id="bare string"),
        pytest.param(["Invalid integration type"], "Invalid integration type", {}, id="bare list"),
        pytest.param(
            {"type": ["a", "b"], "detail": "c", "team_id": ["d"]},
            "type: a; type: b; c; team_id: d",
            {"type": ("a", "b"), "team_id": ("d",)},
            id="several",
        ),
        pytest.param(
            {"templates": {"slack": {"title": ["bad", "worse"]}}},
            "templates.slack.title: bad; templates.slack.title: worse",
            {"templates.slack.title": ("bad", "worse")},
            id="nested",
        ),
        pytest.param(
            {"labels": [{}, {"key": ["bad"]}, {"key": ["worse"]}]},
            "labels.key: bad; labels.key: worse",
            {"labels.key": ("bad", "worse")},
            id="nested in a list",
        ),
        pytest.param(["a", ["b", {"c": "d"}]], "a; b; c: d", {"c": ("d",)}, id="mixed"),
        pytest.param({"code": 7}, "code: 7", {"code": ("7",)}, id="number"),
        pytest.param({"a": None, "b": "c"}, "b: c", {"b": ("c",)}, id="null"),
        pytest.param({}, "gave no reason: '{}'", {}, id="empty object"),
        pytest.param([], "gave no reason: '[]'", {}, id="empty list"),
        pytest.param({"detail": []}, "gave no reason: '{\"detail\": []}'", {}, id="empty detail"),
        pytest.param({"detail": ""}, 'gave no reason: \'{"detail": ""}\'', {}, id="blank detail"),
        pytest.param(b"", "gave no reason", {}, id="nothing"),
        pytest.param(b"nope", "responded without JSON: 'nope'", {}, id="text"),
        pytest.param(b"\xff\0", r"responded without JSON: '\ufffd\x00'", {}, id="bytes"),
        pytest.param(
            b"<style>p\n{x}</style><script>f(1 < 2)</script><h1>Server Error\n (500)</h1>&amp; so",
            "responded without JSON: 'Server Error (500) & so'",
            {},
            id="html",
        ),
        pytest.param(
            NOT_FOUND_PAGE,
            "responded without JSON: 'Not Found Not Found "
            "The requested resource was not found on this server.'",
            {},
            id="the server's html",
        ),
        pytest.param(
            b"x" * MAX_ERROR_BYTES,
            "responded without JSON: '" + "x" * 120 + "'…",
            {},
            id="as long as is read",
        ),
        pytest.param(
            b"x" * (MAX_ERROR_BYTES + 1),
            "responded with more than 64 KiB: '" + "x" * 120 + "'…",
            {},
            id="one byte more",
        ),
        pytest.param(
            b"<p>" + b"x" * 10_000_000,
            "responded with more than 64 KiB: '" + "x" * 120 + "'…",
            {},
            id="huge html",
        ),
        pytest.param(
            b"[" * 60_000, "responded without JSON: '" + "[" * 120 + "'…", {}, id="too deep"
        ),
        pytest.param(
            b"9" * 10_000, "responded without JSON: '" + "9" * 120 + "'…", {}, id="huge number"
        ),
    ],
)
def test_every_shape_of_body_is_readable(
    content: bytes | str | object, detail: str, fields: dict[str, tuple[str, ...]]
) -> None:
    """One line of text, and the messages by member."""
    error = refused(400, content)
    assert (error.detail, error.fields) == (detail, fields)
    assert str(error).startswith(f"get_alert_group: 400 {detail} (GET /api/v1/alert_groups/A/).")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('{"detail":"a\\u001b[31mb"}', id="terminal colours"),
        pytest.param('{"detail":"a\\nb\\rc"}', id="several lines"),
        pytest.param('{"a\\u001b":"b"}', id="in the name"),
        pytest.param('"\\ud800"', id="a lone surrogate"),
        pytest.param('{"detail":"a\\u202eb"}', id="direction"),
    ],
)
def test_a_detail_is_one_printable_line(content: str) -> None:
    """Whatever the server put into it."""
    error = refused(400, content)
    assert error.detail.isprintable()
    assert str(error).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"detail": "x" * 60_000}, id="one long text"),
        pytest.param({"detail": ["x" * 9] * 4_000}, id="many texts"),
        pytest.param({"x" * 60_000: "y"}, id="a long name"),
        pytest.param({"x" * 30_000: {"y": ["z"] * 1_000}}, id="a long name of many texts"),
    ],
)
def test_a_message_stays_short(content: object) -> None:
    """For HTML as well."""
    error = refused(400, content)
    assert len(error.detail) == 500
    assert len(str(error)) < 600
    for name, texts in error.fields.items():
        assert max(len(name), *map(len, texts)) <= 500


def test_there_are_not_more_messages_than_can_be_read() -> None:
    """A hundred of them."""
    error = refused(400, {f"member {number}": "bad" for number in range(1000)})
    assert list(error.fields) == [f"member {number}" for number in range(100)]


def test_a_refusal_of_more_than_64_kib_is_reported_by_its_beginning() -> None:
    """No one reads more, and parsing it may take gigabytes."""
    content = json.dumps({"detail": "no " * 21_839}).encode()
    assert len(content) == 64 * 1024 - 5
    assert refused(400, content).detail == ("no " * 200)[:499] + "…"
    error = refused(400, content + b" " * 6)
    assert error.detail.startswith('responded with more than 64 KiB: \'{"detail": "no no')
    assert error.fields == {}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('{"%s": {%s}}', id="a long name of many members"),
        pytest.param('{"%s": [{%s}]}', id="and lists"),
    ],
)
def test_a_name_that_is_repeated_takes_no_memory(content: str) -> None:
    """It precedes each message below it."""
    members = ", ".join(f'"{number}": ["bad"]' for number in range(1500))
    body = content % ("k" * 30_000, members)
    tracemalloc.start()
    try:
        refused(400, body.encode())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("part", ["[],", "{},", '"x",', "1,", "[[[[[["])
def test_a_refusal_of_many_megabytes_is_not_parsed(part: str) -> None:
    """As objects, it would take a gigabyte."""
    body = f"[{part * (20_000_000 // len(part))}0]".encode()
    tracemalloc.start()
    try:
        refused(400, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_fields_are_printable_lines() -> None:
    """Names and texts."""
    error = refused(400, '{"a\\u001b":["b\\n","\\ud800"]}')
    assert error.fields == {r"a\x1b": (r"b\n", r"\ud800")}


@pytest.mark.parametrize(
    "content", [pytest.param("null", id="bare"), pytest.param('{"detail":null}', id="member")]
)
def test_null_is_no_reason(content: str) -> None:
    """Not the word "None"."""
    assert refused(400, content).detail == f"gave no reason: '{content}'"


@pytest.mark.parametrize("depth", [10, 200])
def test_a_deep_body_is_readable(depth: int) -> None:
    """Or at least no other error."""
    assert refused(400, "[" * depth + '"x"' + "]" * depth).detail == "x"
    error = refused(400, '{"a":' * depth + '"x"' + "}" * depth)
    assert error.detail == ".".join("a" * depth) + ": x"


@pytest.mark.parametrize("depth", [800, 3_000, 30_000])
@pytest.mark.parametrize("half", ["[", '{"a":'], ids=["lists", "objects"])
def test_a_body_is_never_too_deep_to_be_a_refusal(half: str, depth: int) -> None:
    """How deep JSON may be differs between releases of Python; one depth cannot cover all."""
    content = half * depth + "1" + ("]" if half == "[" else "}") * depth
    assert type(refused(400, content)) is errors.BadRequest


CLASSES = [
    pytest.param(400, {"detail": "x"}, errors.BadRequest, id="400"),
    pytest.param(400, b"<html>", errors.ServerError, id="400 of a proxy"),
    pytest.param(401, {"detail": "x"}, errors.Unauthorized, id="401"),
    pytest.param(401, b"<html>", errors.Unauthorized, id="401 of a proxy"),
    pytest.param(403, {"detail": "Invalid token."}, errors.Unauthorized, id="invalid token"),
    pytest.param(400, {"detail": "Invalid token."}, errors.BadRequest, id="400 invalid token"),
    pytest.param(403, {"detail": "No permission"}, errors.Forbidden, id="403"),
    pytest.param(403, b"<html>Invalid token.", errors.Forbidden, id="403 html"),
    pytest.param(404, {"detail": "Not found."}, errors.NotFound, id="404 json"),
    pytest.param(404, {"detail": "Label not found"}, errors.NotFound, id="404 label"),
    pytest.param(
        404,
        {"detail": "No AlertGroup matches the given query."},
        errors.NotFound,
        id="404 of a newer framework",
    ),
    pytest.param(404, {"message": "Not found"}, errors.EndpointUnavailable, id="404 of Grafana"),
    pytest.param(404, {"detail": "Not Found"}, errors.EndpointUnavailable, id="404 of FastAPI"),
    pytest.param(
        404,
        {"message": "no Route matched with those values"},
        errors.EndpointUnavailable,
        id="404 of Kong",
    ),
    pytest.param(404, '"gone"', errors.EndpointUnavailable, id="404 string"),
    pytest.param(404, {}, errors.EndpointUnavailable, id="404 empty object"),
    pytest.param(404, b"null", errors.EndpointUnavailable, id="404 null"),
    pytest.param(404, NOT_FOUND_PAGE, errors.EndpointUnavailable, id="404 html"),
    pytest.param(404, b"", errors.EndpointUnavailable, id="404 empty"),
    pytest.param(405, {"detail": 'Method "GET" not allowed.'}, errors.BadRequest, id="405"),
    pytest.param(409, {"detail": "x"}, errors.Conflict, id="409"),
    pytest.param(413, b"<html>", errors.ServerError, id="413 of a proxy"),
    pytest.param(413, {"detail": "x"}, errors.BadRequest, id="413"),
    pytest.param(415, {"detail": "Unsupported media type"}, errors.BadRequest, id="415"),
    pytest.param(408, {"detail": "x"}, errors.ServerError, id="408"),
    pytest.param(418, b"", errors.ServerError, id="418"),
    pytest.param(421, b"", errors.ServerError, id="421"),
    pytest.param(425, b"", errors.ServerError, id="425"),
    pytest.param(499, b"", errors.ServerError, id="499"),
    pytest.param(429, {"detail": "x"}, errors.RateLimited, id="429"),
    pytest.param(429, b"<html>", errors.RateLimited, id="429 of a proxy"),
    pytest.param(500, b"<h1>Server Error (500)</h1>", errors.ServerError, id="500"),
    pytest.param(502, b"<html>", errors.ServerError, id="502"),
    pytest.param(503, {"detail": "x"}, errors.ServerError, id="503"),
    pytest.param(300, b"", errors.StatusError, id="300"),
    pytest.param(302, b"", errors.StatusError, id="302"),
    pytest.param(304, b"", errors.StatusError, id="304"),
    pytest.param(399, b"x", errors.StatusError, id="399"),
    pytest.param(199, b"x", errors.StatusError, id="199"),
]


@pytest.mark.parametrize(("status", "content", "kind"), CLASSES)
def test_status_and_body_choose_the_class(
    status: int, content: object, kind: type[errors.StatusError]
) -> None:
    """Exactly this one, not a subclass."""
    error = refused(status, content)
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize("verb", ACTIONS)
def test_a_service_account_learns_that_a_user_is_needed(verb: str) -> None:
    """All six actions respond so."""
    text = f"Service accounts are not allowed to {verb} alert groups"
    error = refused(403, {"detail": text}, request=ACTIONS[verb])
    assert type(error) is errors.UserTokenRequired
    assert error.detail == text
    assert str(error).endswith(
        "Hint: pass a user's OnCall API key as user_token=, beside the service account's token=."
    )


@pytest.mark.parametrize(
    ("request_of", "service_account", "kind"),
    [
        pytest.param(operations.get_info(), True, errors.UserTokenRequired, id="a robot"),
        pytest.param(operations.get_info(), False, errors.Unauthorized, id="a user"),
        pytest.param(GET, True, errors.Unauthorized, id="a robot where it is allowed"),
    ],
)
def test_an_invalid_token_may_be_one_of_the_wrong_kind(
    request_of: Request[Any], kind: type[errors.StatusError], *, service_account: bool
) -> None:
    """Where only users are allowed, the server says the same of all service accounts."""
    response = Response(status=403, headers={}, content=b'{"detail": "Invalid token."}')
    error = error_from_response(request_of, response, service_account=service_account)
    assert type(error) is kind
    assert "Invalid token." in error.detail
    assert error.detail.startswith("Service accounts are not allowed") is (
        kind is errors.UserTokenRequired
    )


def test_a_token_of_unknown_kind_is_taken_for_that_of_a_user() -> None:
    """So no other token is asked for."""
    error = refused(403, {"detail": "Invalid token."}, request=operations.get_info())
    assert type(error) is errors.Unauthorized


def test_an_address_of_nobody_is_not_found() -> None:
    """Although it is in the body of the request, and not in its path."""
    call = operations.make_call(PhoneNotification(email="a@example.com", message="m"))
    assert type(refused(404, {"error": "user-not-found"}, request=call)) is errors.NotFound
    other = refused(404, {"detail": "Not found."}, request=call)
    assert type(other) is errors.EndpointUnavailable


CONFLICTS = [
    ("acknowledge", "an acknowledged", errors.AlreadyInState),
    ("acknowledge", "a resolved", errors.Conflict),
    ("acknowledge", "an attached", errors.Conflict),
    ("acknowledge", "a maintenance", errors.Conflict),
    ("unacknowledge", "an unacknowledged", errors.AlreadyInState),
    ("unacknowledge", "a resolved", errors.Conflict),
    ("unacknowledge", "an attached", errors.Conflict),
    ("unacknowledge", "a maintenance", errors.Conflict),
    ("resolve", "a resolved", errors.AlreadyInState),
    ("resolve", "an attached", errors.Conflict),
    ("unresolve", "an unresolved", errors.AlreadyInState),
    ("unresolve", "an attached", errors.Conflict),
    ("unresolve", "a maintenance", errors.Conflict),
    ("silence", "a resolved", errors.Conflict),
    ("silence", "an acknowledged", errors.Conflict),
    ("silence", "an attached", errors.Conflict),
    ("unsilence", "an unsilenced", errors.AlreadyInState),
    ("unsilence", "a resolved", errors.Conflict),
    ("unsilence", "an acknowledged", errors.Conflict),
    ("unsilence", "an attached", errors.Conflict),
]


@pytest.mark.parametrize(
    ("verb", "state", "kind"),
    [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in CONFLICTS],
)
def test_a_conflict_says_whether_it_is_already_so(
    verb: str, state: str, kind: type[errors.Conflict]
) -> None:
    """So that a retry after a lost response is no failure."""
    error = refused(400, {"detail": f"Can't {verb} {state} alert group"}, request=ACTIONS[verb])
    assert type(error) is kind
    assert isinstance(error, errors.BadRequest)
    assert error.hint
    is_sure = kind is errors.AlreadyInState and verb != "acknowledge"
    assert ("nothing is left to do" in error.hint) is is_sure


def test_an_acknowledged_group_may_be_resolved() -> None:
    """The acknowledgement outlives it, and the server checks it first."""
    text = "Can't acknowledge an acknowledged alert group"
    error = refused(400, {"detail": text}, request=ACTIONS["acknowledge"])
    assert error.hint
    assert "It may have been resolved since" in error.hint


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        pytest.param(
            "Label already exists for this alert group",
            errors.AlreadyInState,
            id="attached already",
        ),
        pytest.param("Label key 'k' does not exist", errors.BadRequest, id="no key"),
        pytest.param(
            "Alert group already has the maximum number of labels (50)",
            errors.BadRequest,
            id="full",
        ),
        pytest.param(
            "An integration with this name already exists for this team",
            errors.BadRequest,
            id="name",
        ),
        pytest.param("Can't do that", errors.BadRequest, id="another can't"),
    ],
)
def test_other_bad_requests_are_distinguished(detail: str, kind: type[errors.BadRequest]) -> None:
    """Already there differs from impossible."""
    assert type(refused(400, {"detail": detail})) is kind
    assert type(refused(400, [detail])) is kind


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        pytest.param(refused(401), "check the token", id="unauthorized"),
        pytest.param(
            refused(404), "the open-source engine cannot add or remove labels", id="route"
        ),
        pytest.param(
            refused(400, ["Can't resolve a resolved alert group"]),
            "nothing is left to do",
            id="done",
        ),
        pytest.param(
            refused(403, {"detail": "x"}),
            "needs the permission grafana-irm-app.alert-groups:read.",
            id="forbidden",
        ),
        pytest.param(refused(404, {"detail": "Not found."}), "check the id", id="not found"),
        pytest.param(
            refused(404, {"message": "Not found"}),
            "url= is not that of the OnCall API",
            id="not found, says Grafana",
        ),
        pytest.param(
            refused(404, {"detail": "Not found."}, request=operations.list_alert_groups()),
            "url= is not that of the OnCall API",
            id="a list is not found",
        ),
        pytest.param(refused(409), "check its state", id="conflict"),
        pytest.param(refused(500), "check the arguments", id="server"),
        *(
            pytest.param(
                refused(status), "retry later: the server is down", id=f"{status} of a proxy"
            )
            for status in (502, 503, 504)
        ),
    ],
)
def test_a_hint_says_what_to_do(error: errors.StatusError, hint: str) -> None:
    """In the message, and by itself."""
    assert error.hint
    assert hint in error.hint
    assert str(error).endswith(f" Hint: {error.hint}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
WORDS = st.sampled_from(
    [
        "Invalid token.",
        "Service accounts are not allowed",
        "Can't resolve a resolved alert group",
        "Expected available in 9 seconds.",
        "Label already exists",
    ]
)
BODIES = (
    st.binary()
    | st.builds(lambda value: json.dumps(value).encode(), JSON | WORDS)
    | st.builds(lambda text: json.dumps({"detail": text}).encode(), WORDS | JSON)
    | st.text("<>/scriptyle &#x;0", max_size=60).map(str.encode)
)


@settings(deadline=None)
@given(
    status=st.integers(300, 999),
    content=BODIES,
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "ratelimit-reset", "content-type"]), st.text()
    ),
    location=st.sampled_from([None, "", "/x", "https://h/x?y", "x" * 9999]),
)
def test_any_error_response_is_an_error_and_never_raises_another(
    status: int, content: bytes, headers: dict[str, str], location: str | None
) -> None:
    """With a detail that says something."""
    given_headers = headers | ({} if location is None else {"location": location})
    error = error_from_response(
        GET, Response(status=status, headers=given_headers, content=content)
    )
    assert isinstance(error, errors.StatusError)
    assert error.status == status
    assert error.detail
    assert str(error).startswith(f"get_alert_group: {status} ")
    assert all(isinstance(text, str) for texts in error.fields.values() for text in texts)


HTML = b"<html><h1>Oh no</h1>"
REASON = {"detail": "x"}
GATEWAYS = [
    *(pytest.param(status, REASON, id=f"{status}") for status in GATEWAY),
    *(pytest.param(status, HTML, id=f"{status} html") for status in (400, 402, 403, 405, 409)),
    *(pytest.param(status, HTML, id=f"{status} html") for status in (413, 451, 501, 520, 530)),
    *(pytest.param(status, b"", id=f"{status} empty") for status in (400, 403, 418, 507)),
    *(pytest.param(status, b"", id=f"{status}") for status in (300, 301, 302, 303, 307, 308)),
    pytest.param(403, b"RBAC: access denied", id="403 text"),
]
ONCALLS = [
    *(pytest.param(status, REASON, id=f"{status}") for status in (400, 401, 403, 404, 409, 415)),
    *(pytest.param(status, REASON, id=f"{status}") for status in (429, 500, 501)),
    *(pytest.param(status, HTML, id=f"{status} html") for status in (401, 404, 429, 500)),
    pytest.param(400, b"[" * 100_000, id="400 with JSON that is too deep"),
    pytest.param(400, "null", id="400 null"),
]


@pytest.mark.parametrize(("status", "content"), GATEWAYS)
def test_what_only_a_gateway_sends_is_from_a_gateway(status: int, content: object) -> None:
    """By its status, or by a page where OnCall sends JSON."""
    assert refused(status, content).is_gateway


@pytest.mark.parametrize(("status", "content"), ONCALLS)
def test_what_oncall_sends_is_not_from_a_gateway(status: int, content: object) -> None:
    """Even where either may have sent it: then it means the same."""
    assert not refused(status, content).is_gateway
