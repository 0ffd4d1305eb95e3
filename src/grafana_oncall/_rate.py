"""Pure: what the client is told of a quota of its own: the rate, and the Redis that shares it."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

from grafana_oncall._core.text import shown

from .errors import InvalidArgument

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 60 * 60, "d": 24 * 60 * 60}

_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})?(s|min|m|h|d)")


def parse_rate(rate: object) -> tuple[int, int]:
    """How many requests, and within how many seconds: "300/5m" is (300, 300)."""
    found = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if found is None:
        message = (
            f"rate_limit={shown(rate)}: it has the form 'amount/time', such as '300/5m', '10/s' or "
            "'1000/1h'; units are s, m (or min), h and d, numbers go from 1 to 999999."
        )
        raise InvalidArgument(message, argument="rate_limit")
    amount, multiple, unit = found.groups()
    return int(amount), int(multiple or 1) * _UNITS[unit]


@attrs.frozen(kw_only=True)
class RedisAddress:
    """Where Redis is, and what opens it."""

    host: str
    port: int
    db: int
    username: str | None = attrs.field(repr=False)
    password: str | None = attrs.field(repr=False)
    tls: bool
    """The system's certificates are trusted, or those that SSL_CERT_FILE names."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.db}"


_FORM: Final = "it has the form redis://[[user]:password@]host[:port][/db], or rediss:// for TLS"


def parse_storage(uri: object) -> RedisAddress | str:
    """What a URI means, or what is wrong with it, in words that show none of it."""
    if not isinstance(uri, str) or not (uri.isascii() and uri.isprintable()) or " " in uri:
        return f"{_FORM}, in printable ASCII without spaces."
    try:
        parts = urlsplit(uri.removeprefix("async+"))
        host, port = parts.hostname, parts.port
    except ValueError:  # its text may hold a part of the password
        return f"{_FORM}; special characters of the password are percent-encoded."
    if parts.scheme not in {"redis", "rediss"}:
        return f"a quota can be shared through Redis alone: {_FORM}."
    db = re.fullmatch(r"/?([0-9]{0,4})", parts.path)
    if not host or "," in host or db is None or "?" in uri or "#" in uri:
        return f"{_FORM}, and takes no parameters; the password is percent-encoded."
    return RedisAddress(
        host=host,
        port=port or 6379,
        db=int(db[1] or 0),
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        tls=parts.scheme == "rediss",
    )
