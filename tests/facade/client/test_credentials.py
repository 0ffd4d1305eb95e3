"""Tokens that a function returns, a user's token beside a service account's, and scheme words."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import Redactor
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.bulk import Status
from grafana_oncall.errors import (
    ClientStateError,
    InvalidArgument,
    OnCallError,
    OutcomeUnknown,
    TokenUnavailable,
    Unauthorized,
    UserTokenRequired,
)
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import KEY, made
from tests.support.samples import BASE, GROUP, GROUP_ID, STACK
from tests.support.secrets_shown import leaks, shows

OLD, NEW = f"0ld{KEY}", f"n3w{KEY}"
ACCOUNT = f"glsa_{KEY}"


class Server(httpx.MockTransport):
    """Accepts some tokens; by default it refuses the others as OnCall does."""

    def __init__(self, *valid: str, status: int = 403) -> None:
        super().__init__(self._respond)
        self.valid = set(valid)
        self.status = status
        self.tokens: list[str] = []
        """Of all requests."""

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        self.tokens.append(request.headers["authorization"])
        await asyncio.sleep(1)
        if self.tokens[-1] in self.valid:
            return httpx.Response(200, json=GROUP)
        return httpx.Response(self.status, json={"detail": "Invalid token."})


class Vault:
    """Returns these values one after the other, and the last one from then on."""

    def __init__(self, *values: Any, seconds: float = 0) -> None:
        self.values = [*values]
        self.seconds = seconds
        self.asked = 0

    async def __call__(self) -> Any:
        """Return the next one, or raise it."""
        self.asked += 1
        await asyncio.sleep(self.seconds)
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value


def leaks_beyond_the_test(error: BaseException) -> list[str]:
    """Where the token can be read, but for the frame of the test, which made it up."""
    assert error.__traceback__ is not None
    return leaks(error.with_traceback(error.__traceback__.tb_next), KEY)


FORMS: list[Any] = [
    pytest.param(lambda: KEY, id="a function"),
    pytest.param(Vault(KEY), id="an async function"),
    pytest.param(functools.partial(str, KEY), id="a partial"),
    pytest.param(lambda: Secret(KEY), id="a function that returns a Secret"),
    pytest.param(lambda: f"Bearer {KEY}", id="a function that returns a scheme word as well"),
    pytest.param(Secret(KEY), id="a Secret"),
    *[
        pytest.param(f"{word}{KEY}", id=f"{word!r} before it")
        for word in ("", "Bearer ", "bearer  ", "BEARER ")
    ],
]


@pytest.mark.parametrize("token", FORMS)
async def test_a_token_is_sent_bare_in_whatever_form_it_was_given(token: Any) -> None:
    """Text, a Secret, or a function, with a scheme word or without."""
    server = Server(KEY)
    async with made(token=token, transport=server) as client:
        await client.alert_groups.get(GROUP_ID)
    assert server.tokens == [KEY]


@pytest.mark.parametrize("token", FORMS)
async def test_a_user_token_takes_the_same_forms(token: Any) -> None:
    """It is used for what only a user may do, and the other token for the rest."""
    server = Server(KEY, ACCOUNT)
    server_group = functools.partial(made, token=ACCOUNT, grafana_url=STACK, transport=server)
    async with server_group(user_token=token) as client:
        await client.alert_groups.get(GROUP_ID)
        with pytest.raises(OnCallError, match="body where none belongs"):
            await client.alert_groups.acknowledge(GROUP_ID)
    assert server.tokens[:2] == [ACCOUNT, KEY]


async def test_a_function_is_called_at_the_first_request_once_for_all_tasks() -> None:
    """Not when the client is made."""
    vault, server = Vault(KEY, seconds=5), Server(KEY)
    async with made(token=vault, transport=server) as client:
        assert vault.asked == 0
        await asyncio.gather(*(client.alert_groups.get(GROUP_ID) for _ in range(10)))
    assert (vault.asked, server.tokens) == (1, [KEY] * 10)


@pytest.mark.parametrize("status", [401, 403])
async def test_after_a_refusal_it_is_asked_again_once_for_all_tasks(status: int) -> None:
    """And each call is retried once."""
    vault, server = Vault(OLD, NEW), Server(OLD, status=status)
    async with made(token=vault, transport=server) as client:
        await client.alert_groups.get(GROUP_ID)
        server.valid = {NEW}
        await asyncio.gather(*(client.alert_groups.get(GROUP_ID) for _ in range(10)))
    assert vault.asked == 2
    assert server.tokens == [OLD] + [OLD] * 10 + [NEW] * 10


async def test_a_write_is_retried_with_the_new_token_as_well(fake: FakeOnCall) -> None:
    """A refusal had no effect, so nothing is done twice."""
    vault = Vault("expired", fake.token)
    async with made(token=vault, transport=fake.transport()) as client:
        integration = await client.integrations.create(type="webhook", name="CI")
    assert [*fake.integrations] == [integration.id]


async def test_a_token_that_does_not_change_is_not_sent_again() -> None:
    """The refusal is the caller's, with its one attempt."""
    vault, server = Vault(OLD), Server()
    async with made(token=vault, transport=server) as client:
        with pytest.raises(Unauthorized) as caught:
            await client.alert_groups.get(GROUP_ID)
    assert (vault.asked, len(server.tokens), len(caught.value.attempts)) == (2, 1, 1)


async def test_a_new_token_that_is_refused_too_ends_the_call() -> None:
    """One retry, however many tokens the function has."""
    vault, server = Vault(*(f"{number}-{KEY}" for number in range(9))), Server()
    async with made(token=vault, transport=server) as client:
        with pytest.raises(Unauthorized) as caught:
            await client.alert_groups.get(GROUP_ID)
    assert (vault.asked, len(server.tokens), len(caught.value.attempts)) == (2, 2, 2)


async def test_a_plain_token_is_not_asked_for() -> None:
    """There is nobody to ask."""
    server = Server()
    async with made(transport=server) as client:
        with pytest.raises(Unauthorized):
            await client.alert_groups.get(GROUP_ID)
    assert server.tokens == [KEY]


async def test_what_a_function_raises_is_the_error_of_all_that_wait_for_it() -> None:
    """It is asked once, and again by the next call."""
    vault = Vault(ConnectionError("vault is sealed"), KEY, seconds=1)
    server = Server(KEY)
    async with made(token=vault, transport=server) as client:
        calls = (client.alert_groups.get(GROUP_ID) for _ in range(5))
        errors = await asyncio.gather(*calls, return_exceptions=True)
        await client.alert_groups.get(GROUP_ID)
    assert (vault.asked, len(server.tokens)) == (2, 1)
    words = "token: the function raised ConnectionError vault is sealed. The request was not sent."
    for error in errors:
        assert isinstance(error, TokenUnavailable)
        assert (str(error), error.argument, error.raised) == (words, "token", True)
        assert isinstance(error.__cause__, ConnectionError)
    assert len(set(map(id, errors))) == 5


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        pytest.param(None, "a non-empty string is needed", id="None"),
        pytest.param("", "a non-empty string is needed", id="nothing"),
        pytest.param(KEY.encode(), "a non-empty string is needed", id="bytes"),
        pytest.param({"token": KEY}, "a non-empty string is needed", id="a mapping"),
        pytest.param(f"{KEY}\n", "it contains a space", id="a line of a file"),
        pytest.param(f"Token {KEY}", "it contains a space", id="another scheme word"),
        pytest.param(ACCOUNT, "a URL is needed, that of the Grafana stack", id="no stack"),
    ],
)
async def test_what_cannot_be_a_token_is_not_sent(value: Any, fault: str) -> None:
    """The prefix is looked at when the token is known. The error shows nothing of it."""
    server = Server()
    async with made(token=lambda: value, transport=server) as client:
        with pytest.raises(TokenUnavailable, match=f"what the function returned .*{fault}") as info:
            await client.alert_groups.get(GROUP_ID)
    assert not info.value.raised
    assert leaks_beyond_the_test(info.value) == []
    assert server.tokens == []


async def test_a_function_may_take_as_long_as_a_request() -> None:
    """Then the call ends, and nothing was sent."""
    server = Server()
    retry = RetryPolicy(deadline=40)
    async with made(token=Vault(KEY, seconds=100), transport=server, retry=retry) as client:
        with pytest.raises(TokenUnavailable, match="returned nothing within 40 s"):
            await client.alert_groups.acknowledge(GROUP_ID)
    assert server.tokens == []


async def test_closing_the_client_ends_the_asking() -> None:
    """The call learns that the client is closed."""
    client = made(token=Vault(KEY, seconds=1000), transport=Server())
    call = asyncio.create_task(client.alert_groups.get(GROUP_ID))
    await asyncio.sleep(1)
    await client.aclose()
    with pytest.raises(ClientStateError):
        await call


async def test_when_the_asking_task_is_cancelled_another_one_asks() -> None:
    """No cancellation reaches a task that nobody cancelled."""
    vault, server = Vault(KEY, seconds=5), Server(KEY)
    async with made(token=vault, transport=server) as client:
        first, second = (asyncio.create_task(client.alert_groups.get(GROUP_ID)) for _ in range(2))
        await asyncio.sleep(1)
        first.cancel()
        await second
        assert first.cancelled()
    assert vault.asked == 2


async def test_a_function_that_calls_its_own_client_is_told_so() -> None:
    """It would wait for itself."""

    async def token() -> str:
        return (await client.users.current()).id

    client = made(token=token, transport=Server())
    async with client:
        with pytest.raises(TokenUnavailable, match="calls the client whose token"):
            await client.alert_groups.get(GROUP_ID)


async def test_a_write_in_doubt_stays_in_doubt_when_no_token_comes() -> None:
    """Its first attempt may have had its effect."""
    responses = [httpx.Response(502), httpx.Response(401)]
    transport = httpx.MockTransport(lambda _: responses.pop(0))
    vault = Vault(OLD, ConnectionError("sealed"))
    async with made(token=vault, transport=transport) as client:
        with pytest.raises(OutcomeUnknown, match="sealed") as caught:
            await client.alert_groups.acknowledge(GROUP_ID)
    assert isinstance(caught.value.__cause__, TokenUnavailable)


async def test_a_bulk_run_ends_when_no_token_comes(fake: FakeOnCall) -> None:
    """And does not ask for each group."""
    vault = Vault(fake.token, ValueError("sealed"))
    groups = [fake.add_group().id for _ in range(30)]
    async with made(token=vault, transport=fake.transport()) as client:
        fake.add_token("other", user="ana")
        await client.users.current()
        del fake._world.grants[fake.token]
        with pytest.raises(TokenUnavailable):
            await client.alert_groups.bulk.acknowledge(groups, max_at_once=1)
    assert vault.asked == 2
    assert {fake.groups[group].state for group in groups} == {"firing"}


async def test_every_token_that_was_in_use_is_redacted() -> None:
    """Also the old one, which a proxy may still repeat."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == OLD:
            return httpx.Response(401)
        return httpx.Response(418, json={"detail": f"no {OLD} or {NEW} here"})

    async with made(token=Vault(OLD, NEW), transport=httpx.MockTransport(respond)) as client:
        with pytest.raises(OnCallError, match=r"no \(token\) or \(token\) here") as caught:
            await client.alert_groups.get(GROUP_ID)
        assert not shows(f"{client._session.shared!r} {vars(client._session)}", KEY)
    assert leaks_beyond_the_test(caught.value) == []


@pytest.mark.parametrize("name", ["token", "user_token"])
@pytest.mark.parametrize("given", ["text", "function"])
async def test_a_user_token_is_redacted_likewise(name: str, given: str) -> None:
    """Under its own name; also if the function that returns it repeats it."""
    fail = False

    def function() -> str:
        if fail:
            raise ValueError(f"no lease for {KEY}")
        return KEY

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"detail": request.headers["authorization"]})

    settings: dict[str, Any] = {"token": "another", name: KEY if given == "text" else function}
    async with made(**settings, transport=httpx.MockTransport(respond)) as client:
        with pytest.raises(Unauthorized, match=rf"\({name}\)") as refused:
            await client.alert_groups.acknowledge(GROUP_ID)
        assert leaks_beyond_the_test(refused.value) == []
        if given == "function" and name == "user_token":
            fail = True
            with pytest.raises(TokenUnavailable, match=rf"no lease for \({name}\)") as failed:
                await client.alert_groups.acknowledge(GROUP_ID)
            assert leaks_beyond_the_test(failed.value) == []


def test_a_token_that_another_begins_with_leaves_nothing_of_it() -> None:
    """The longer one is redacted first."""
    redactor = Redactor("f00dfeed")
    redactor.add("f00dfeedc0ffee", "user_token")
    redactor.add("f00d", "token")
    assert redactor.text("f00dfeedc0ffee f00dfeed f00d") == "(user_token) (token) (token)"
    assert redactor.content(b"f00dfeedc0ffee") == b"(user_token)"


def test_the_search_for_tokens_does_not_grow_for_ever() -> None:
    """What was replaced dozens of times ago is in no response."""
    redactor = Redactor()
    for number in range(1000):
        redactor.add(f"{number:04}{KEY}", "token")
        redactor.add(f"{number:04}{KEY}", "token")
    assert redactor.text(f"0999{KEY} 0990{KEY}") == "(token) (token)"
    assert len(redactor._secrets) < 50


async def test_a_service_account_acts_through_the_user_s_token(fake: FakeOnCall) -> None:
    """In single calls and in bulk runs; everything else is the service account's."""
    fake.add_token(ACCOUNT, user="robot")
    group, other = fake.add_group(), fake.add_group()
    settings: dict[str, Any] = {"token": ACCOUNT, "grafana_url": STACK}
    async with made(**settings, transport=fake.transport()) as client:
        with pytest.raises(UserTokenRequired, match="user_token="):
            await client.alert_groups.acknowledge(group.id)
    async with made(**settings, user_token=fake.token, transport=fake.transport()) as client:
        await client.alert_groups.acknowledge(group.id)
        report = await client.alert_groups.bulk.acknowledge(client.alert_groups.list(state="new"))
        await client.alert_groups.get(group.id)
    assert (report.ok, report.counts[Status.CHANGED]) == (True, 1)
    assert (group.state, other.state) == ("acknowledged", "acknowledged")


def test_a_service_account_is_no_user() -> None:
    """As text it is refused at once."""
    with pytest.raises(InvalidArgument, match="user_token: it is a service account's") as caught:
        OnCallClient(url=BASE, token=KEY, user_token=ACCOUNT, grafana_url=STACK)
    assert caught.value.argument == "user_token"
    assert leaks_beyond_the_test(caught.value) == []


@pytest.mark.parametrize("user_token", ["", 5, b"x", f"Token {KEY}", f"{KEY}\n", Secret("")])
def test_a_user_token_is_checked_like_a_token(user_token: Any) -> None:
    """The error names the argument, and shows nothing."""
    with pytest.raises(InvalidArgument, match=r"^user_token: ") as caught:
        OnCallClient(url=BASE, token=KEY, user_token=user_token)
    assert leaks_beyond_the_test(caught.value) == []


def _key_of(**settings: Any) -> str:
    redis = "redis://localhost:6379"
    client = made(rate_limit="300/5m", rate_limit_storage=redis, **settings)
    limiter: Any = client._session.shared.limiter
    return str(limiter._window._keys)


def test_clients_share_a_rate_limit_by_what_does_not_change() -> None:
    """A plain token; and with a function, whose tokens change, the server and the stack."""
    vault: Callable[[], Any] = Vault(KEY)
    assert _key_of() == _key_of(user_token="x") == _key_of(token=f"Bearer {KEY}")
    assert _key_of(token=vault) == _key_of(token=Vault("other"))
    assert _key_of(token=vault) not in {_key_of(), _key_of(token=vault, grafana_url=STACK)}
    assert KEY not in _key_of()


async def test_the_user_token_of_the_environment_is_optional() -> None:
    """Terraform's provider has none."""
    server = Server(KEY)
    environ = {"GRAFANA_ONCALL_URL": BASE, "GRAFANA_ONCALL_ACCESS_TOKEN": "another"}
    for user in ({}, {"GRAFANA_ONCALL_USER_TOKEN": ""}, {"GRAFANA_ONCALL_USER_TOKEN": KEY}):
        async with OnCallClient.from_env({**environ, **user}, transport=server) as client:
            with pytest.raises(OnCallError):
                await client.alert_groups.acknowledge(GROUP_ID)
    assert server.tokens[0:2] == ["another", "another"]
    assert set(server.tokens[2:]) == {KEY}
