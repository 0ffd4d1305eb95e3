"""Responses that are texts, such as calendars."""

import pytest

from grafana_oncall import Request, Response, operations
from grafana_oncall._codec.decode import decode
from grafana_oncall.errors import DecodeError

EXPORT = Request(
    operation=operations.list_teams().operation, path="schedules/S1/export/", returns=str
)


@pytest.mark.parametrize("media_type", ["text/calendar", "text/calendar; charset=utf-8", ""])
def test_a_text_is_returned_as_it_is(media_type: str) -> None:
    """An empty one, too."""
    headers = {"content-type": media_type}
    for text in ("BEGIN:VCALENDAR\r\n\xe4", ""):
        response = Response(status=200, headers=headers, content=text.encode())
        assert decode(EXPORT, response) == text


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        pytest.param(b"<h1>Log in</h1>", "text/html; charset=utf-8", "page of HTML", id="HTML"),
        pytest.param(b"\xff", "text/calendar", "it is no UTF-8", id="bytes"),
    ],
)
def test_what_is_no_such_text_is_refused(content: bytes, media_type: str, reason: str) -> None:
    """A login page is not a calendar."""
    response = Response(status=200, headers={"content-type": media_type}, content=content)
    with pytest.raises(DecodeError, match=reason):
        decode(EXPORT, response)
