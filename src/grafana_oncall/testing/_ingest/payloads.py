"""From the body of a request to the payloads of alerts, by the type of the integration."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from grafana_oncall.testing._server.fields import is_list, is_mapping
from grafana_oncall.testing._server.responses import crashed

_SPLIT = frozenset({"grafana", "legacy_alertmanager"})
_TOO_DEEP = 500
_COUNTED = frozenset({"alertmanager", "grafana_alerting"})


@attrs.frozen
class Payloads:
    """The payloads of a body."""

    alerts: list[Any]
    each_has_status: bool = False
    """Whether each is one alert of a batch, which is resolved with all of its group."""


def payloads_of(type: str, body: Any) -> Payloads:
    """Return the payloads of a body; the server crashes on shapes that it does not expect."""
    if type in _COUNTED:
        return Payloads([_counted(_object(body))])
    return _split(_object(body)) if type in _SPLIT else Payloads([body])


def _split(body: dict[str, Any]) -> Payloads:
    if "alerts" in body:
        return Payloads(_alerts(body), each_has_status=True)
    if body.get("attachments") == []:
        raise crashed()
    return Payloads([body])


def _counted(body: dict[str, Any]) -> dict[str, Any]:
    if "numFiring" in body:
        return body
    states = [alert.get("status") for alert in _alerts(body)]
    return {**body, "numFiring": states.count("firing"), "numResolved": states.count("resolved")}


def _alerts(body: dict[str, Any]) -> list[dict[str, Any]]:
    alerts = body.get("alerts", [])
    if not is_list(alerts):
        raise crashed()
    return [_object(alert) for alert in alerts]


def _object(value: Any) -> dict[str, Any]:
    if not is_mapping(value):
        raise crashed()
    return value


def is_too_deep(payload: Any) -> bool:
    """Whether the server accepts a payload, but its worker dies of it: 500 levels are too many."""
    level = [payload]
    for _ in range(_TOO_DEEP):
        level = [value for each in level for value in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if is_mapping(value):
        return value.values()
    return value if is_list(value) else ()


def is_storable(payload: Any) -> bool:
    """Whether the database accepts a payload: no NUL, no lone surrogate, no infinity in it."""
    text = json.dumps(payload)
    if "\\u0000" not in text and "\\ud" not in text and "Infinity" not in text:
        return True
    return all(map(_is_storable_value, _values(payload)))


def _values(value: Any) -> Iterator[Any]:
    """Return each text and number, keys of objects included."""
    if is_mapping(value):
        yield from value
        for each in value.values():
            yield from _values(each)
    elif is_list(value):
        for each in value:
            yield from _values(each)
    else:
        yield value


def _is_storable_value(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return not isinstance(value, float) or math.isfinite(value)
