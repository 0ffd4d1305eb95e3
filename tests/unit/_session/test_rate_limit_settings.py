"""The client's own rate limit: its rate, and the storage that several processes share."""

import pickle
import ssl
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.redis_address import RedisAddress, parse_address
from grafana_oncall._session.rate_limit import Limiter, parse_rate
from grafana_oncall._session.redis_window import RedisWindow
from grafana_oncall.errors import InvalidArgument
from tests.support.limiter_secrets import SECRET, shown

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


@pytest.mark.parametrize(
    ("rate", "meaning"),
    [
        ("300/5m", (300, 300)),
        ("300/5min", (300, 300)),
        ("300/60s", (300, 60)),
        ("10/s", (10, 1)),
        ("1000/1h", (1000, 3600)),
        ("1/d", (1, 86400)),
        ("999999/999999d", (999999, 999999 * 86400)),
    ],
    ids=str,
)
def test_a_rate_is_parsed_into_an_amount_and_seconds(rate: str, meaning: tuple[int, int]) -> None:
    """A missing number before the unit is one."""
    assert parse_rate(rate) == meaning


@given(st.integers(1, 999_999), st.integers(1, 999_999) | st.none(), st.sampled_from(sorted(UNITS)))
def test_every_rate_of_the_documented_form_is_accepted(
    amount: int, multiple: int | None, unit: str
) -> None:
    """Amount, slash, multiple, unit."""
    rate = f"{amount}/{'' if multiple is None else multiple}{unit}"
    assert parse_rate(rate) == (amount, (multiple or 1) * UNITS[unit])


@given(st.text("0123456789/smhdin. -+_٣", max_size=12) | st.text(max_size=12))
def test_any_other_text_is_refused(text: str) -> None:
    """What is accepted is exactly what the form would produce."""
    try:
        amount, seconds = parse_rate(text)
    except InvalidArgument:
        return
    head, _, tail = text.partition("/")
    unit = tail.lstrip("0123456789")
    assert head == str(amount)
    assert tail in {f"{seconds // UNITS[unit]}{unit}", unit}


@pytest.mark.parametrize(
    "rate",
    [
        *("", "300", "300/", "/5m", "0/5m", "300/0m", "-1/s", "+1/s", "1.5/s", "1_0/s", "010/s"),
        *("300 / 5m", " 1/s", "1/s ", "300/5m\n", "300/5M", "300/5", "300/1w", "1//s", "1/ss"),
        *("1000000/s", "1/1000000s", "1/s,2/m", "300 per 5 minutes", "300/5minutes", "٣/s"),
        *(None, 300, b"300/5m"),
    ],
)
def test_a_rate_of_another_form_is_refused(rate: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidArgument, match="rate_limit=") as caught:
        Limiter(rate, key="k")  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.argument == "rate_limit"
    assert "'amount/time', such as '300/5m'" in str(caught.value)


def _address(host: str, port: int, db: int, **more: Any) -> RedisAddress:
    given: dict[str, Any] = {"username": None, "password": None, "tls": False, **more}
    return RedisAddress(host=host, port=port, db=db, **given)


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        pytest.param("redis://localhost:6379/0", _address("localhost", 6379, 0), id="all"),
        pytest.param("async+redis://r", _address("r", 6379, 0), id="the rest by default"),
        pytest.param(
            "rediss://u:p@r.example:7000/12",
            _address("r.example", 7000, 12, username="u", password="p", tls=True),
            id="user, password, TLS",
        ),
        pytest.param(
            "async+rediss://:p%40%2Fs%3A@[::1]/",
            _address("::1", 6379, 0, password="p@/s:", tls=True),
            id="escapes, IPv6",
        ),
    ],
)
def test_a_storage_is_a_redis_uri(uri: str, address: RedisAddress) -> None:
    """With defaults for what a URI may omit."""
    assert parse_address(uri) == address


BAD_STORAGES = [
    f"memcached://:{SECRET}@h",
    f"http://:{SECRET}@h",
    f"redis+cluster://:{SECRET}@h:1",
    f":{SECRET}@h",
    "",
    "redis://",
    f"redis://:{SECRET}@",
    f"redis://:{SECRET}@h:99999",
    f"redis://:{SECRET}@a:1,b:2",
    f"redis://:1/{SECRET}@h:1",
    f"redis://:x/{SECRET}@h:1",
    f"redis://:{SECRET}#@h:1",
    f"redis://:{SECRET}@h/zero",
    f"redis://:{SECRET}@h/?stream_timeout=99",
    f"redis://:{SECRET}@h?",
    f"redis://:{SECRET} @h",
    f"redis://:{SECRET}\n@h",
    f"redis://:{SECRET}é@h",
    f"redis://:{SECRET}@[h",
    SECRET.encode(),
]


@pytest.mark.parametrize("uri", BAD_STORAGES)
def test_any_other_storage_is_refused_and_not_shown(uri: object) -> None:
    """Neither in the message, a traceback with variables, nor a cause."""
    with pytest.raises(InvalidArgument, match="rate_limit_storage: ") as caught:
        Limiter("1/s", storage=uri, key="k")  # type: ignore[arg-type]  # wrong on purpose
    error = caught.value
    assert error.argument == "rate_limit_storage"
    assert error.__context__ is None
    assert SECRET.encode() not in pickle.dumps(error)
    assert SECRET not in shown(error)


def test_a_repr_shows_rate_and_storage_but_not_the_password() -> None:
    """The repr of the limiter, and of its address."""
    uri = f"rediss://{SECRET}:{SECRET}@h:1/2"
    assert repr(Limiter("10/s", storage=uri, key="k")) == "Limiter('10/s', in Redis at h:1/2)"
    assert repr(Limiter("10/s", key="k")) == "Limiter('10/s', in memory)"
    assert SECRET not in repr(parse_address(uri))


async def test_tls_checks_the_name_of_the_host() -> None:
    """And that its certificate is trusted."""
    limiter = Limiter("10/s", storage="rediss://h", key="k")
    await limiter.aclose()
    window = limiter._window
    assert isinstance(window, RedisWindow)
    pool: Any = window._redis.connection_pool
    connection = pool.make_connection()
    context = connection.ssl_context.get()
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(InvalidArgument) as caught:
        Limiter("10/s", storage=f"redis://:{SECRET}@h", key="k")
    assert caught.value.argument == "rate_limit_storage"
    assert "pip install '.[redis]'" in str(caught.value)
    assert isinstance(caught.value.__cause__, ImportError)
    assert SECRET not in shown(caught.value)
