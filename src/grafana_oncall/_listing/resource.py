"""What every class of the facade has: the session, and lists whose items match their filter."""

from typing import TypeVar

from grafana_oncall._core.request import Page, Request
from grafana_oncall._session.session import Session

from .filters import matching
from .pager import HasId, Pager

T = TypeVar("T", bound=HasId)


class Resource:
    """Base of the generated classes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _list(self, request: Request[Page[T]], prefetch: int) -> Pager[T]:
        """Return a pager that raises FilterIgnored for an item that the filter excludes."""
        return Pager(self._session, request, prefetch=prefetch, verify=matching(request))
