"""The address of a Redis, and connections to it."""

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import attrs

if TYPE_CHECKING:
    from redis.asyncio import Redis

_FORM: Final = "it has the form redis://[[user]:password@]host[:port][/db], or rediss:// for TLS"


@attrs.frozen(kw_only=True)
class RedisAddress:
    """Address and credentials of Redis."""

    host: str
    port: int
    db: int
    username: str | None = attrs.field(repr=False)
    password: str | None = attrs.field(repr=False)
    tls: bool
    """The system's certificates are trusted, or those that SSL_CERT_FILE names."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.db}"


def parse_address(uri: object) -> RedisAddress | str:
    """Return what a URI means, or what is wrong with it, in words that show none of it."""
    if not isinstance(uri, str) or not (uri.isascii() and uri.isprintable()) or " " in uri:
        return f"{_FORM}, in printable ASCII without spaces."
    try:
        parts = urlsplit(uri.removeprefix("async+"))
        host, port = parts.hostname, parts.port
    except ValueError:  # its text may hold a part of the password
        return f"{_FORM}; special characters of the password are percent-encoded."
    if parts.scheme not in {"redis", "rediss"}:
        return f"Redis is what can be used: {_FORM}."
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


def connect(address: RedisAddress, *, retries: int) -> "Redis":
    """Return a client that repeats a command so often; raise ImportError without the extra."""
    # An extra.
    from redis.asyncio import Redis  # noqa: PLC0415
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    return Redis(
        host=address.host,
        port=address.port,
        db=address.db,
        username=address.username,
        password=address.password,
        ssl=address.tls,
        ssl_check_hostname=True,
        protocol=2,  # with 3, redis-py takes a connection that the server has closed for a good one
        retry=Retry(NoBackoff(), retries),
    )
