"""Authentication: the secret in its header, and that it is shown nowhere."""

from __future__ import annotations

import hmac
import logging
import pickle
from base64 import b64encode
from typing import Any

import pytest

from grafana_oncall._core.types import UNSET
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.webhooks import Router
from tests.support.secrets_shown import leaks, shows
from tests.support.webhook_payloads import body
from tests.support.webhook_requests import SECRET, Exchange, Recorder, ask, chunk, post


def basic(user: str, password: str, encoding: str = "utf-8") -> str:
    """Return the header for basic authentication, as the requests library writes it."""
    return "Basic " + b64encode(f"{user}:{password}".encode(encoding)).decode()


@pytest.mark.parametrize("kind", ["router", "basic", "open"])
async def test_a_request_with_the_secret_is_accepted(kind: str) -> None:
    """As a whole header, as user and password, or any request if so configured."""
    made = {
        "router": (Router(secret=SECRET), SECRET),
        "basic": (Router(basic=("ada", "p:w")), basic("ada", "p:w")),
        "open": (Router(secret=None), "anything"),
    }
    router, header = made[kind]
    async with router:
        assert (await post(router, Authorization=header)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="empty"),
        pytest.param(SECRET[:-1], id="cut short"),
        pytest.param(SECRET + "x", id="longer"),
        pytest.param(SECRET.lower(), id="other case"),
        pytest.param(SECRET.removeprefix("Bearer "), id="without the scheme"),
        pytest.param(f"{SECRET}, {SECRET}", id="two in one"),
        pytest.param(basic("ada", "pw"), id="another scheme"),
    ],
)
async def test_a_request_without_the_secret_is_refused(
    header: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With a 401 and a log record, neither of which reveals anything."""
    router = Router(secret=SECRET)
    router.on()(handler := Recorder())
    async with router:
        response = await post(router, Authorization=header)
    assert (response.status_code, response.text) == (401, "The secret is missing or wrong.\n")
    assert handler.begun == []
    (record,) = [record for record in caplog.records if record.name == "grafana_oncall"]
    assert (record.levelno, shows(caplog.text, SECRET)) == (logging.WARNING, False)


async def test_the_body_of_an_unauthenticated_request_is_not_read() -> None:
    """So that it costs nothing."""
    exchange = Exchange(chunk(body()))
    exchange.scope["headers"] = []
    async with Router(secret=SECRET) as router:
        assert await exchange.run(router) == 401
    assert len(exchange.waiting) == 1


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([(b"authorization", SECRET.encode())] * 2, id="the secret twice"),
        pytest.param(
            [(b"authorization", SECRET.encode()), (b"authorization", b"x")], id="right, then wrong"
        ),
        pytest.param(
            [(b"authorization", b"x"), (b"authorization", SECRET.encode())], id="wrong, then right"
        ),
        pytest.param(
            [(b"authorization", SECRET.encode()), (b"AUTHORIZATION", b"x")], id="names in two cases"
        ),
        pytest.param([(b"x-authorization", SECRET.encode())], id="another header"),
        pytest.param([(b"authorization", SECRET.encode() + b"\r\nX: y")], id="line break"),
        pytest.param([(b"authorization", SECRET.encode() + b"\0")], id="null"),
        pytest.param([(b"authorization", b"\xff\xfe")], id="no text"),
    ],
)
async def test_a_header_that_is_not_exactly_it_is_refused(
    headers: list[tuple[bytes, bytes]],
) -> None:
    """A proxy and the router must not read different ones."""
    exchange = Exchange(chunk(body()))
    exchange.scope["headers"] = headers
    async with Router(secret=SECRET) as router:
        assert await exchange.run(router) == 401


async def test_the_secret_may_be_in_another_header() -> None:
    """Its name may have any case; Authorization is then ignored."""
    async with Router(secret="s3cr3t", header="X-Bot-Secret") as router:  # no secret
        assert (await post(router, Authorization="x", x_bot_SECRET="s3cr3t")).status_code == 200
        assert (await post(router, Authorization="s3cr3t")).status_code == 401


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("user", [None, "zoë"])
async def test_a_secret_beyond_ascii_is_accepted_in_both_encodings(
    encoding: str, user: str | None
) -> None:
    """Because HTTP does not say which one a server uses."""
    secret = "pässwörd"  # no secret
    router = Router(secret=secret) if user is None else Router(basic=(user, secret))
    value = secret if user is None else basic(user, secret, encoding)
    exchange, other = Exchange(chunk(body())), Exchange(chunk(body()))
    exchange.scope["headers"] = [(b"authorization", value.encode(encoding))]
    other.scope["headers"] = [(b"authorization", value.encode("utf-16"))]
    async with router:
        assert await exchange.run(router) == 200
        assert await other.run(router) == 401


async def test_a_secret_of_any_characters_is_accepted_as_utf_8() -> None:
    """If Latin-1 lacks them, only UTF-8 is accepted."""
    exchange, lossy = Exchange(chunk(body())), Exchange(chunk(body()))
    exchange.scope["headers"] = [(b"authorization", "ключ-1".encode())]
    lossy.scope["headers"] = [(b"authorization", b"-1")]
    async with Router(secret="ключ-1") as router:
        assert await exchange.run(router) == 200
        assert await lossy.run(router) == 401


async def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hmac.compare_digest, whose result decides."""
    asked: list[tuple[Any, Any]] = []

    def compare(one: Any, other: Any) -> bool:
        asked.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    async with Router(secret=SECRET) as router:
        assert (await post(router, Authorization="guess")).status_code == 200
    assert {*asked} == {(b"guess", SECRET.encode())}


@pytest.mark.parametrize(
    ("settings", "argument", "says"),
    [
        pytest.param({}, "secret", "None accepts every request", id="no secret"),
        pytest.param({"secret": UNSET}, "secret", "None accepts every request", id="unset"),
        pytest.param({"secret": ""}, "secret", "None accepts every request", id="empty"),
        pytest.param({"secret": b"s3cr3t"}, "secret", "pass a string, not bytes", id="bytes"),
        pytest.param({"secret": "s3cr3t "}, "secret", "space", id="space at the end"),
        pytest.param({"secret": "s3cr3t\r\nX: y"}, "secret", "control", id="line break"),
        pytest.param({"secret": "s3cr3t\ud800"}, "secret", "control", id="surrogate"),
        pytest.param({"secret": "s", "header": "X Y"}, "header", "name", id="header with a space"),
        pytest.param({"secret": "s", "header": ""}, "header", "name", id="empty header"),
        pytest.param({"secret": "s", "header": 7}, "header", "name", id="header of no text"),
        pytest.param({"secret": "s", "basic": ("a", "s3cr3t")}, "basic", "instead", id="both"),
        pytest.param({"secret": None, "basic": ("a", "s3cr3t")}, "basic", "instead", id="and none"),
        pytest.param({"basic": ("a", "s3cr3t"), "header": "X-Y"}, "basic", "omit", id="header"),
        pytest.param({"basic": ("a:b", "s3cr3t")}, "basic", "colon", id="colon in a name"),
        pytest.param({"basic": ("a", "s3cr3t\n")}, "basic", "control", id="line break in basic"),
        pytest.param({"basic": ("a", "")}, "basic", "pair", id="no password"),
        pytest.param({"basic": ("", "s3cr3t")}, "basic", "pair", id="no user"),
        pytest.param({"basic": "a:s3cr3t"}, "basic", "pair", id="text"),
    ],
)
def test_an_invalid_secret_is_refused_when_the_router_is_made(
    settings: dict[str, Any], argument: str, says: str
) -> None:
    """The message says what to do, without showing the secret."""
    with pytest.raises(InvalidArgument, match=says) as info:
        Router(**settings)
    assert info.value.argument == argument
    trace = info.value.__traceback__
    info.value.__traceback__ = trace.tb_next if trace else None  # this frame has the settings
    assert leaks(info.value, "s3cr3t") == []


async def test_the_secret_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not by the router, its parts, its responses, or the log at its lowest level."""
    caplog.set_level(logging.DEBUG)
    router = Router(secret=SECRET)
    async with router:
        responses = [
            *[await post(router, content) for content in (body(), b"{", b"x" * 2_000_000)],
            await ask(router, "GET"),
        ]
        seen = [f"{router!r} {vars(router)!r}", caplog.text]
    assert [response.status_code for response in responses] == [200, 400, 413, 405]
    seen += [f"{response.text} {response.headers!r}" for response in responses]
    assert not any(shows(text, SECRET) for text in seen)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(vars(router)["_authenticator"])


@pytest.mark.parametrize(
    ("method", "fails"), [("POST", "receive"), ("POST", "send"), ("GET", "send")]
)
async def test_no_frame_of_the_sdk_holds_the_secret_when_the_web_server_fails(
    method: str, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an error report with local variables would have the request's headers."""
    exchange = Exchange(chunk(body()))
    exchange.scope["method"] = method

    async def fail(*_: object) -> None:
        raise OSError("the server's own")

    monkeypatch.setattr(exchange, fails, fail)
    async with Router(secret=SECRET) as router:
        with pytest.raises(OSError, match="own") as caught:
            await exchange.run(router)
    assert leaks(caught.value, SECRET) == []


async def test_no_frame_holds_the_secret_when_it_is_not_a_request() -> None:
    """A websocket has headers too."""
    exchange = Exchange()
    exchange.scope["type"] = "websocket"
    with pytest.raises(NotImplementedError) as caught:
        await exchange.run(Router(secret=SECRET))
    assert leaks(caught.value, SECRET) == []
