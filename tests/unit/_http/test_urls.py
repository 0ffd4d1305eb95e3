"""URLs and tokens that a client is made with."""

import copy
import pickle
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import check_token, digest, is_service_account
from grafana_oncall._http.urls import api_url, stack_url
from grafana_oncall.errors import InvalidArgument

SECRET = "meow-meow-meow"


@pytest.mark.parametrize(
    ("given", "base"),
    [
        pytest.param("https://h", "https://h/api/v1/", id="host"),
        pytest.param("https://h/", "https://h/api/v1/", id="slash"),
        pytest.param("https://h//", "https://h/api/v1/", id="slashes"),
        pytest.param("https://h/api/v1", "https://h/api/v1/", id="root"),
        pytest.param("https://h/api/v1/", "https://h/api/v1/", id="root and slash"),
        pytest.param("https://h/oncall", "https://h/oncall/api/v1/", id="prefix"),
        pytest.param("https://h/oncall/api/v1/", "https://h/oncall/api/v1/", id="prefix and root"),
        pytest.param("https://h:8080", "https://h:8080/api/v1/", id="port"),
        pytest.param("http://localhost:8080", "http://localhost:8080/api/v1/", id="loopback"),
        pytest.param("http://a.localhost", "http://a.localhost/api/v1/", id="loopback by name"),
        pytest.param("http://[::1]:8080/", "http://[::1]:8080/api/v1/", id="address"),
        pytest.param("https://h/xapi/v1", "https://h/xapi/v1/api/v1/", id="not the root"),
    ],
)
def test_any_part_of_the_url_gives_the_base(given: str, base: str) -> None:
    """Normalizing twice changes nothing."""
    assert api_url(given) == base
    assert api_url(base) == base


def test_the_stack_url_has_no_trailing_slash() -> None:
    """As the documentation writes it."""
    assert stack_url("https://stack.grafana.net/") == "https://stack.grafana.net"


BAD_URLS = [
    pytest.param("", "a URL is needed", id="empty"),
    pytest.param(None, "a URL is needed", id="none"),
    pytest.param(5, "a URL is needed", id="number"),
    pytest.param(b"https://h", "a URL is needed", id="bytes"),
    pytest.param("h", "must begin with https", id="no scheme"),
    pytest.param("//h", "must begin with https", id="no scheme but a host"),
    pytest.param("h:8080", "must begin with https", id="host and port"),
    pytest.param("ftp://h", "must begin with https", id="another scheme"),
    pytest.param("https://", "must begin with https", id="no host"),
    pytest.param("https:///x", "must begin with https", id="no host but a path"),
    pytest.param("https://:80", "must begin with https", id="no host but a port"),
    pytest.param("https://me:pw@h", "user name or password", id="password"),
    pytest.param("https://@h", "user name or password", id="empty user"),
    pytest.param("https://h?x=1", "query or a fragment", id="query"),
    pytest.param("https://h?", "query or a fragment", id="empty query"),
    pytest.param("https://h#x", "query or a fragment", id="fragment"),
    pytest.param("https://h/#", "query or a fragment", id="empty fragment"),
    pytest.param("https://h h", "contains a space", id="space"),
    pytest.param("https://h\n", "contains a space", id="newline"),
    pytest.param("https://h\\x", "contains a space", id="backslash"),
    pytest.param("https://\xe4", "contains a space", id="not ascii"),
    pytest.param("https://[::1", "it is not a valid URL", id="half an address"),
    pytest.param("https://h:99999", "it is not a valid URL", id="port too large"),
    pytest.param("https://h:x", "it is not a valid URL", id="port without number"),
]


@pytest.mark.parametrize("end", ["alert_groups", "alert_groups/", "alert_groups/I1/"])
def test_a_url_that_continues_after_the_root_is_refused(end: str) -> None:
    """Otherwise the root would occur twice."""
    with pytest.raises(InvalidArgument, match="must end at /api/v1"):
        api_url(f"https://h/oncall/api/v1/{end}")


@pytest.mark.parametrize(("url", "fault"), BAD_URLS)
@pytest.mark.parametrize(("check", "name"), [(api_url, "url"), (stack_url, "grafana_url")])
def test_a_bad_url_is_refused(
    check: Callable[[Any], str], name: str, url: object, fault: str
) -> None:
    """The error has the name and the reason, but not the URL."""
    if (check, url) == (stack_url, None):
        return  # it is optional
    with pytest.raises(InvalidArgument, match=rf"^{name}: .*{fault}") as info:
        check(url)
    assert info.value.argument == name


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://me:hunter2@h", id="user"),
        pytest.param("https://me:hunter2@h:x/", id="user and bad port"),
        pytest.param("https://h?token=hunter2", id="query"),
        pytest.param("https://h#hunter2", id="fragment"),
        pytest.param("https://h/hunter2 ", id="space"),
        pytest.param(
            "https://me:hunter2/x@h",
            id="slash in the password",
        ),
        pytest.param(
            "https://me:hunter2",
            id="host forgotten",
        ),
    ],
)
def test_a_refused_url_does_not_show_its_password(url: str) -> None:
    """This is why the message never contains the URL."""
    with pytest.raises(InvalidArgument) as info:
        api_url(url)
    shown = "".join(traceback.format_exception_only(info.value))
    assert "hunter2" not in shown


@given(st.text() | st.text("htps:/@?#.[]1x% \\\n", min_size=1).map("https://".__add__))
def test_any_text_is_a_base_url_or_refused(url: str) -> None:
    """No other error is raised."""
    try:
        base = api_url(url)
    except InvalidArgument:
        return
    assert base.endswith("/api/v1/")
    assert base.isascii()
    assert base.isprintable()
    assert not set(base) & set("?#\\ ")
    assert "@" not in urlsplit(base).netloc


def test_a_token_shows_itself_only_on_request() -> None:
    """Not in repr, str or format, nor in what debuggers list."""
    token = Secret(SECRET)
    assert token.value == SECRET
    for text in (repr(token), str(token), f"{token}", f"{token!r:>20}", repr([token])):
        assert SECRET not in text
    with pytest.raises(TypeError):
        vars(token)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_a_token_cannot_be_pickled_or_copied(way: Callable[[Secret[str]], object]) -> None:
    """A secret stays in one place."""
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        way(Secret(SECRET))


@pytest.mark.parametrize(
    ("secret", "service_account"),
    [(SECRET, False), ("glsa_" + SECRET, True), ("GLSA_x", False), ("xglsa_", False)],
)
def test_a_token_knows_its_kind(secret: str, *, service_account: bool) -> None:
    """By its prefix."""
    assert is_service_account(Secret(secret)) is service_account


@pytest.mark.parametrize(
    "secret", [SECRET, "glsa_x", "!", pytest.param("~" * 999, id="long"), "a:b/c+d="]
)
def test_a_good_token_is_accepted(secret: str) -> None:
    """Any printable ASCII without spaces."""
    check_token(Secret(secret))


def test_a_token_has_a_name_that_does_not_reveal_it() -> None:
    """The name is equal for equal tokens."""
    name = digest(Secret(SECRET))
    assert name == digest(Secret(SECRET)) != digest(Secret("another"))
    assert SECRET not in name


@pytest.mark.parametrize("url", ["http://h", "http://10.0.0.1/oncall", "http://localhost.evil"])
def test_plain_http_to_another_host_must_be_allowed(url: str) -> None:
    """The network could read the token."""
    with pytest.raises(InvalidArgument, match=r"^url: plain http .*allow_http=True"):
        api_url(url)
    assert api_url(url, allow_http=True) == f"{url}/api/v1/"


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        pytest.param("", "a non-empty string is needed", id="empty"),
        pytest.param(None, "a non-empty string is needed", id="none"),
        pytest.param(5, "a non-empty string is needed", id="number"),
        pytest.param(b"meow", "a non-empty string is needed", id="bytes"),
        pytest.param(f"{SECRET}\n", "it contains a space", id="newline"),
        pytest.param(f" {SECRET}", "it contains a space", id="space"),
        pytest.param(f"{SECRET}\r\nX: y", "it contains a space", id="another header"),
        pytest.param(f"{SECRET}\0", "it contains a space", id="nul"),
        pytest.param(f"{SECRET}\xe4", "it contains a space", id="not ascii"),
        pytest.param(f"{SECRET}\ud800", "it contains a space", id="no character"),
    ],
)
def test_a_bad_token_is_refused_without_showing_it(secret: Any, fault: str) -> None:
    """Neither in the message nor in local variables below the caller."""
    token = Secret(secret)
    with pytest.raises(InvalidArgument, match=rf"^token: .*{fault}") as info:
        check_token(token)
    assert info.value.argument == "token"
    assert SECRET not in str(info.value)
    frames = [frame for frame, _ in traceback.walk_tb(info.value.__traceback__)][1:]
    assert frames
    for frame in frames:
        assert SECRET not in repr([*frame.f_locals.values()])
