"""Whose alert groups a file is about, and whether a client's token belongs to the same one.

All customers of a region share one OnCall URL, and a token does not say whose it is. With another
organization's token, each group of a checkpoint or a journal looks deleted. So both have the URL of
the stack as well, where the client knows it. Where it does not, groups that are known to have
existed are looked up: a token sees only groups of its own organization, and ids are unique, so one
that exists proves that it is the same organization. If there is none, the groups are another's, or
were all deleted.
"""

from collections.abc import Sequence
from typing import Final, Self

import attrs

from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall.errors import NotFound

from .session import Session

_ENOUGH: Final = 3
"""Groups that are not all deleted by chance: with fewer, nothing is looked up."""
_MAX_LOOKUPS: Final = 10


@attrs.frozen
class Stack:
    """Where alert groups live."""

    server: str
    """Base URL of the OnCall API."""
    grafana_url: str | None
    """URL of the Grafana stack; None if the client did not know it."""

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return the stack of a client."""
        target = session.shared.target
        return cls(target.base_url, target.headers.value.get("x-grafana-url"))

    def __str__(self) -> str:
        return self.server if self.grafana_url is None else f"{self.server} ({self.grafana_url})"

    def may_be(self, other: Self) -> bool:
        """Whether nothing that is known of the two differs."""
        urls = {self.grafana_url, other.grafana_url} - {None}
        return self.server == other.server and len(urls) < 2


async def may_own(session: Session, ids: Sequence[str]) -> bool:
    """Whether these groups, all of which have existed, may belong to the token's organization.

    Reads one of them, or a few if the first ones are gone; none if there are too few to tell.
    """
    if len(ids) < _ENOUGH:
        return True
    step = -(-len(ids) // _MAX_LOOKUPS)
    for group_id in ids[::step]:
        try:
            await session.send(operations.get_alert_group(group_id))
        except NotFound as error:
            if not error.is_certain:
                raise
        else:
            return True
    return False
