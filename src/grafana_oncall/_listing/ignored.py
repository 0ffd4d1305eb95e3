"""The error for a server that ignores a filter."""

from typing import Any

from grafana_oncall._core.request import Request
from grafana_oncall._core.text import shown
from grafana_oncall.errors import FilterIgnored


def ignored(request: Request[Any], item: str, part: str) -> FilterIgnored:
    """The error for an item that does not meet this part of the filter."""
    message = (
        f"{request.operation.id}: asked for {shown(part)}, the server answered {item}, which does "
        "not match. Nothing was written to what it answered: its filter cannot be trusted, "
        "unless that one changed at this very moment; then another try succeeds."
    )
    return FilterIgnored(message, group_id=item, unmet=part)
