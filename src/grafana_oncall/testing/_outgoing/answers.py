"""What comes back to a webhook, and whether and when the server sends it once more."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Literal, TypeAlias

import attrs

ATTEMPTS = 4
TIMEOUT = timedelta(seconds=4)
Cause: TypeAlias = Literal["after a timeout", "after a failure"]
_AFTER_TIMEOUT = timedelta(seconds=10)
_LONGEST = 50_000


@attrs.frozen(kw_only=True)
class Answer:
    """The response to a webhook, or why there is none."""

    status: int | None
    content: str
    """The body of the response, or what went wrong."""
    repeats: Cause | None = None
    """What makes the server send it once more."""


def kept_content(text: str) -> str:
    """Return what the server keeps of the body of a response."""
    size = len(text.encode())
    if size > _LONGEST:
        return f"Response content {size} exceeds {_LONGEST} character limit"
    return text


def repeat_delay(answer: Answer, attempt: int, random: Random) -> timedelta | None:
    """Return how long after an answer the webhook is sent again; `None` if it is not.

    Args:
        answer: What came of the latest attempt.
        attempt: Its number, from 1.
        random: What draws the delay after a failure.
    """
    if answer.repeats is None or attempt >= ATTEMPTS:
        return None
    if answer.repeats == "after a timeout":
        return _AFTER_TIMEOUT
    return timedelta(seconds=random.randint(0, 2 ** (attempt - 1)))
