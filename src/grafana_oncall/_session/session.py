"""What the resources send through."""

from typing import TypeVar

from grafana_oncall._core.causes import drop_frames
from grafana_oncall._core.request import Request, Result
from grafana_oncall.errors import OnCallError

from .call import Call, ReadBack
from .state import Options, Shared

T = TypeVar("T")


class Session:
    """Sends requests with one set of options."""

    def __init__(self, shared: Shared, options: Options) -> None:
        self.shared = shared
        self.options = options

    async def send(self, request: Request[T], *, read_back: ReadBack[T] | None = None) -> T:
        """Send a request and return its decoded value; raise an OnCallError when that fails."""
        with self.shared:
            call = Call(self.shared, self.options, request, read_back=read_back)
            try:
                return (await call.run()).value
            except OnCallError as error:
                drop_frames(error)
                raise

    async def exchange(
        self, request: Request[T], *, read_back: ReadBack[T] | None = None
    ) -> Result[T]:
        """Send a request and return its value together with the response as it came."""
        with self.shared:
            call = Call(self.shared, self.options, request, read_back=read_back)
            try:
                return await call.run()
            except OnCallError as error:
                drop_frames(error)
                raise
