"""The requests by an HTTP client alone; groups are dictionaries."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from .jobs import KEY, VALUE
from .naive import Api

_GROUPS = "/api/v1/alert_groups/"


@attrs.frozen
class Bare(Api):
    """The API by what sends a request and returns its JSON, or None without a body."""

    send: Any

    async def page(self, number: int, query: Mapping[str, str]) -> tuple[Sequence[Any], int]:
        """A page of groups, and the number of the last one."""
        found = await self.send("GET", _GROUPS, params={**query, "page": str(number)})
        return found["results"], found["total_pages"]

    async def resolve(self, id: str) -> None:
        """Resolve a group."""
        await self.send("POST", f"{_GROUPS}{id}/resolve/")

    async def create(self, name: str) -> None:
        """Create an integration with the label."""
        label = {"key": {"name": KEY}, "value": {"name": VALUE}}
        body = {"type": "webhook", "name": name, "labels": [label]}
        await self.send("POST", "/api/v1/integrations/", json=body)

    def row(self, group: Any) -> tuple[str, str]:
        """Id and state of a group."""
        return group["id"], group["state"]
