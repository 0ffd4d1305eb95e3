"""No error shows passwords of proxies or of Redis, whichever setting is wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument
from tests.support.clients import KEY
from tests.support.samples import BASE
from tests.support.secrets_shown import leaks

PASSWORD = "correcthorsebattery"
SECRETS: dict[str, Any] = {
    "proxy": f"http://ada:{PASSWORD}@proxy.test:3128",
    "rate_limit": "300/5m",
    "rate_limit_storage": f"redis://:{PASSWORD}@redis.test",
}
ENVIRONMENT = {"GRAFANA_ONCALL_URL": BASE, "GRAFANA_ONCALL_ACCESS_TOKEN": KEY}

WRONG: dict[str, dict[str, Any]] = {
    "timeout": {"timeout": -1},
    "retry": {"retry": 7},
    "retry_budget": {"retry_budget": 0},
    "max_connections": {"max_connections": 0},
    "max_response_bytes": {"max_response_bytes": 0},
    "rate_limit": {"rate_limit": "fast"},
    "a storage without a rate": {"rate_limit": None},
    "storage": {"rate_limit_storage": f"redis://:1/{PASSWORD}@h:1"},
    "verify": {"verify": "no"},
    "transport": {"transport": "curl"},
    "a client and a proxy": {"http_client": httpx.AsyncClient()},
    "scheme of the proxy": {"proxy": f"ftp://ada:{PASSWORD}@proxy.test"},
    "a proxy that is no URL": {"proxy": f"http://ada:{PASSWORD}@[::1"},
    "a proxy of bytes": {"proxy": f"http://ada:{PASSWORD}@h".encode()},
    "headers of a proxy": {
        "proxy": httpx.Proxy("http://h", headers={"Key": PASSWORD}),
        "verify": 0,
    },
    "random": {"random": None},
    "on_event": {"on_event": 7},
}
"""By name, for the frame of a test must not show them."""


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("how", ["arguments", "environment"])
def test_a_wrong_setting_shows_no_password_of_the_others(wrong: str, how: str) -> None:
    """It shows its own neither; nor does any frame of the SDK."""
    make = {
        "arguments": partial(OnCallClient, url=BASE, token=KEY),
        "environment": partial(OnCallClient.from_env, ENVIRONMENT),
    }[how]
    with pytest.raises(InvalidArgument) as caught:
        make(**SECRETS | WRONG[wrong])
    assert leaks(caught.value, PASSWORD) == []


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_a_missing_variable_shows_no_password_either(missing: str) -> None:
    """The variable is read before the options."""
    with pytest.raises(InvalidArgument, match=missing) as caught:
        OnCallClient.from_env(ENVIRONMENT | {missing: ""}, **SECRETS)
    assert leaks(caught.value, PASSWORD) == []


def test_a_misspelled_option_shows_no_password() -> None:
    """Python raises the error from a frame that holds all options."""
    with pytest.raises(TypeError, match="timeuot") as caught:
        OnCallClient.from_env(ENVIRONMENT, timeuot=1, **SECRETS)  # type: ignore[call-arg]  # wrong on purpose
    assert leaks(caught.value, PASSWORD) == []


@pytest.mark.parametrize(
    "proxy",
    [
        pytest.param(f"ftp://ada:{PASSWORD}@proxy.test", id="a scheme that is none"),
        pytest.param(f"http://ada:{PASSWORD}@proxy.test:port", id="a port that is none"),
        pytest.param(f"ada:{PASSWORD}@[::1", id="no address"),
    ],
)
def test_a_wrong_proxy_from_the_environment_is_not_shown(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was set for all programs, perhaps long ago."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    del proxy
    with pytest.raises(InvalidArgument, match="from https_proxy") as caught:
        OnCallClient(url="https://oncall.test", token=KEY)
    assert leaks(caught.value, PASSWORD) == []
