"""What the resources send through: calls, and the pages of lists."""

from typing import TypeVar

from grafana_oncall._core.request import Request, Result

from .call import Answered, Call, Look
from .state import Options, Shared

T = TypeVar("T")


class Session:
    """Sends requests with one set of options."""

    def __init__(self, shared: Shared, options: Options) -> None:
        self.shared = shared
        self.options = options

    async def send(self, request: Request[T], *, look: Look[T] | None = None) -> T:
        """Sends a request and decodes its answer; raises OnCallError for any other end."""
        return (await self.exchange(request, look=look)).value

    async def exchange(
        self,
        request: Request[T],
        *,
        look: Look[T] | None = None,
        answered: Answered | None = None,
    ) -> Result[T]:
        """As `send`, with the answer as it came beside its value."""
        self.shared.begin()
        try:
            return await Call(
                self.shared, self.options, request, look=look, answered=answered
            ).run()
        finally:
            self.shared.end()
