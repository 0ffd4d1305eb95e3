"""Which route of an integration an alert takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from grafana_oncall.testing._objects.routes import FakeRoute

from .templates import holds


def choose(
    routes: Iterable[FakeRoute], payload: Any, labels: Mapping[str, str] | None, now: datetime
) -> FakeRoute | None:
    """Return the first of these routes, by position, that takes an alert; `None` if none does."""
    for route in sorted(routes, key=lambda each: each.position):
        if _takes(route, payload, labels, now):
            return route
    return None


def _takes(route: FakeRoute, payload: Any, labels: Mapping[str, str] | None, now: datetime) -> bool:
    expression = route.routing_regex or ""
    if route.routing_type == "jinja2":
        return holds(expression, now, payload=payload, labels=labels)
    # In ASCII, with the keys in the sender's order: that is what users' expressions rely on.
    return bool(re.search(expression, json.dumps(payload)))
