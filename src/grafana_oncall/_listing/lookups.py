"""Looking for the one object that has a value: what to say if there is none, or several."""

from collections.abc import Sequence
from typing import Any

from grafana_oncall._core.request import API_ROOT, Request
from grafana_oncall._core.text import shown
from grafana_oncall.errors import MultipleFound, NotFound


def nearest(value: str, known: Sequence[str]) -> list[str]:
    """Return up to three of the known values, most alike first; case does not count."""
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake needs it

    spelled = {each.casefold(): each for each in known}
    return [spelled[each] for each in get_close_matches(value.casefold(), spelled)]


def nothing_found(
    request: Request[Any], name: str, value: object, similar: Sequence[str]
) -> NotFound:
    """Return the error for a list that has nothing with this value."""
    hint = f"nothing has {name}={shown(value)}"
    if similar:
        hint += f"; similar: {', '.join(map(shown, similar))}"
    return NotFound(
        status=404,
        detail="Not found.",
        fields={},
        operation=request.operation.id,
        method=request.operation.method,
        path=f"/{API_ROOT}{request.path}",
        hint=f"{hint}.",
    )


def several_found(
    request: Request[Any], name: str, value: object, ids: Sequence[str]
) -> MultipleFound:
    """Return the error for a list that has several objects with this value."""
    message = (
        f"{request.operation.id}: {len(ids)} have {name}={shown(value)}: {', '.join(ids)}. "
        "Get the right one by its id."
    )
    return MultipleFound(message, ids=tuple(ids))
