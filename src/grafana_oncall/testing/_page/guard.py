"""Who may see the page, and who may act on it.

How it works, and why it is safe. The page is for browsers on this machine, in which any website may
send requests to loopback. A website whose name leads here (DNS rebinding) sends its own name as
`Host`, and gets nothing. Any other site is of another origin, so it cannot read the page, and does
not know the token in it. What acts needs the token in a header, for which a browser would ask
first; no response allows it. `Origin`, which no site can choose, is checked as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hmac import compare_digest
from ipaddress import ip_address

_HOST = re.compile(r"\[?([^]]*?)\]?(?::\d+)?")
TOKEN_HEADER = "x-page-token"  # noqa: S105  # the name of a header


def is_loopback(host: str) -> bool:
    """Whether a name or address is always of this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_from_this_machine(client: tuple[str, int] | None, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from this machine, and names it in its `Host`."""
    named = _HOST.fullmatch(headers.get("host", ""))
    return (
        client is not None
        and is_loopback(client[0])
        and named is not None
        and is_loopback(named[1])
    )


def may_act(headers: Mapping[str, str], token: str) -> bool:
    """Whether a request comes from the page itself."""
    return headers.get("origin") == f"http://{headers.get('host')}" and is_token(
        headers.get(TOKEN_HEADER, ""), token
    )


def is_token(given: str, token: str) -> bool:
    """Whether this is the token of the page."""
    return compare_digest(given.encode(), token.encode())
