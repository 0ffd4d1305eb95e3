"""What an error response says in its headers: how long to wait, and where it redirects."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import Response, errors
from grafana_oncall._codec.error_responses import error_from_response
from tests.support.refused_responses import GET, refused


@pytest.mark.parametrize(
    ("content", "headers", "seconds"),
    [
        pytest.param({}, {"retry-after": "48", "ratelimit-reset": "50"}, 48.0, id="retry-after"),
        pytest.param({}, {"ratelimit-reset": "350"}, 350.0, id="ratelimit-reset"),
        pytest.param(
            {"detail": "Request was throttled. Expected available in 47 seconds."},
            {},
            47.0,
            id="text",
        ),
        pytest.param({"detail": "Expected available in 1 second."}, {}, 1.0, id="one second"),
        pytest.param(
            {"detail": "Expected available in 47 seconds."},
            {"retry-after": "48"},
            48.0,
            id="header before text",
        ),
        pytest.param(
            {"detail": "Organization being synced, please retry."}, {}, None, id="nothing"
        ),
        pytest.param(b"", {}, None, id="nothing at all"),
        pytest.param({}, {"retry-after": "0"}, 0.0, id="now"),
        pytest.param({}, {"retry-after": " 7 "}, 7.0, id="blanks"),
        pytest.param({}, {"retry-after": "-1"}, None, id="negative"),
        pytest.param({}, {"retry-after": "12.5"}, 13.0, id="fraction"),
        pytest.param({}, {"retry-after": "0.001"}, 1.0, id="small fraction"),
        pytest.param({}, {"retry-after": "7.0"}, 7.0, id="whole number with a fraction"),
        pytest.param({}, {"ratelimit-reset": "1.5"}, 2.0, id="fraction of ratelimit-reset"),
        pytest.param({"detail": "available in 1.5 seconds."}, {}, 2.0, id="fraction in the text"),
        pytest.param({}, {"retry-after": "1."}, None, id="no digits after the point"),
        pytest.param({}, {"retry-after": "1e3"}, None, id="exponent"),
        pytest.param({}, {"retry-after": "1.5.0"}, None, id="version"),
        pytest.param({}, {"retry-after": "\u0663"}, None, id="a digit of another script"),
        pytest.param({}, {"retry-after": "\xb2"}, None, id="superscript"),
        pytest.param({}, {"retry-after": ""}, None, id="empty"),
        pytest.param(
            {},
            {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "ratelimit-reset": "9"},
            9.0,
            id="a date, and seconds beside it",
        ),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(
    content: object, headers: dict[str, str], seconds: float | None
) -> None:
    """By either header or its text."""
    error = refused(429, content, headers=headers)
    assert isinstance(error, errors.RateLimited)
    assert error.reset_after == seconds


RECEIVED = datetime(2026, 10, 21, 7, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 60.0, id="later"),
        pytest.param("Wed, 21 Oct 2026 09:28:00 +0200", 60.0, id="with an offset"),
        pytest.param("Wed, 21 Oct 2026 07:28:00", 60.0, id="without a zone"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 -0000", 60.0, id="of an unknown zone"),
        pytest.param("Wed, 21 Oct 2026 07:26:00 GMT", 0.0, id="past"),
        pytest.param("soon", None, id="no date"),
        pytest.param("Wed, 41 Oct 2026 07:28:00 GMT", None, id="no day"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 +9999", None, id="no zone"),
        pytest.param(
            "Wed, 21 Oct 3000000000 07:28:00 GMT",
            None,
            id="no year",
        ),
    ],
)
def test_a_date_to_wait_for_counts_from_the_response(date: str, seconds: float | None) -> None:
    """Relative to the response's own date, so that nothing here depends on now."""
    response = Response(status=429, headers={"retry-after": date}, content=b"", received=RECEIVED)
    assert error_from_response(GET, response).reset_after == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        pytest.param("Mon, 26 Oct 2026 07:27:10 GMT", 50.0, id="five days ahead"),
        pytest.param("Sat, 24 Oct 2026 07:27:10 GMT", 172850.0, id="the client's is ahead"),
        pytest.param("Mon, 26 Oct 2026 08:27:10 GMT", 0.0, id="past"),
        pytest.param("yesterday", 432060.0, id="no date"),
    ],
)
def test_a_date_to_wait_for_is_of_the_clock_of_the_server(date: str, seconds: float) -> None:
    """Which its response shows, and which may differ from the client's."""
    headers = {"retry-after": "Mon, 26 Oct 2026 07:28:00 GMT", "date": date}
    response = Response(status=429, headers=headers, content=b"", received=RECEIVED)
    assert error_from_response(GET, response).reset_after == seconds


@pytest.mark.parametrize(
    ("status", "seconds"), [(429, 7.0), (503, 7.0), (500, None), (400, None), (302, None)]
)
def test_only_a_response_that_asks_to_wait_has_a_wait(status: int, seconds: float | None) -> None:
    """Whatever its headers say."""
    assert refused(status, headers={"retry-after": "7"}).reset_after == seconds


def test_a_stack_that_is_being_synchronized_is_reported() -> None:
    """The server's own message does not say what to do."""
    error = refused(
        429,
        {"detail": "Organization being synced, please retry."},
        headers={"ratelimit-reset": "350"},
    )
    assert isinstance(error, errors.RateLimited)
    assert error.reset_after == 350.0
    assert "check the URL, or wait a few minutes." in (error.hint or "")


HEADER = (
    st.text()
    | st.text(string.digits + ".")
    | st.from_regex(
        r"\A[A-Z][a-z]{2}, [0-9]{1,2} Oct [0-9]{1,9} [0-9]{2}:[0-9]{2}( GMT)?\Z",
        alphabet=st.characters(codec="ascii"),  # else it takes seconds to begin
    )
)


@given(HEADER, HEADER, st.text())
def test_any_header_is_a_wait_or_none(retry: str, reset: str, detail: str) -> None:
    """Never negative, never infinite, never another error."""
    headers = {"retry-after": retry, "ratelimit-reset": reset}
    seconds = refused(429, {"detail": detail}, headers=headers).reset_after
    assert seconds is None or 0 <= seconds < 10**12


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        pytest.param("https://sso.example/login", "https://sso.example/login", id="plain"),
        pytest.param("https://sso.example:8443/a/b", "https://sso.example:8443/a/b", id="port"),
        pytest.param("https://sso.example/l?token=hunter2", "https://sso.example/l", id="query"),
        pytest.param("https://sso.example/l#hunter2", "https://sso.example/l", id="fragment"),
        pytest.param("https://me:hunter2@sso.example/", "https://sso.example/", id="userinfo"),
        pytest.param("https://me:hun@ter2@sso.example/", "https://sso.example/", id="two ats"),
        pytest.param("https://hunter2@sso.example/", "https://sso.example/", id="user"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_shows_where_to_and_no_secret(status: int, location: str, shown: str) -> None:
    """It is not followed: the token would be sent elsewhere."""
    error = refused(status, b"<html>Moved", headers={"location": location})
    assert error.detail == (
        f"redirects to {shown}; redirects are not followed. Set url= to the OnCall API itself"
    )
    assert "hunter2" not in str(error)
    assert "ter2" not in str(error)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        pytest.param("mailto:me:hunter2@sso.example", "redirects;", id="userinfo without slashes"),
        pytest.param("https:/me:hunter2@sso.example", "redirects;", id="one slash"),
        pytest.param("https:\\\\me:hunter2@sso.example", "redirects;", id="backslashes"),
        pytest.param("https://sso.example\\hunter2", "redirects;", id="one backslash"),
        pytest.param("http://sso.example/l", "redirects to http://sso.example/l;", id="http"),
        pytest.param("https://me:hunter2/x@sso.example", "redirects;", id="slash in a password"),
        pytest.param("https://me:7/x@sso.example", "redirects;", id="number as a password"),
        pytest.param("//sso.example/login", "redirects;", id="without a scheme"),
        pytest.param("/login?token=x", "redirects to /login;", id="relative"),
        pytest.param("", "redirects;", id="none"),
        pytest.param(
            "https://sso.example/\x1b[31m",
            r"redirects to https://sso.example/\x1b[31m;",
            id="terminal colours",
        ),
    ],
)
def test_an_odd_location_shows_no_secret_and_reads_well(location: str, shown: str) -> None:
    """Proxies send many kinds of it."""
    error = refused(302, headers={"location": location})
    assert error.detail.startswith(f"{shown} redirects are not followed. ")
    assert "hunter2" not in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize("status", [300, 304, 399])
def test_another_3xx_is_no_redirect(status: int) -> None:
    """It has no target."""
    assert refused(status).detail == "gave no reason"


@pytest.mark.parametrize("location", ["//[", "http://[::1", "https://[x]/"])
def test_a_location_that_is_no_url_is_no_other_error(location: str) -> None:
    """The redirect is what is reported."""
    assert refused(302, headers={"location": location}).status == 302
