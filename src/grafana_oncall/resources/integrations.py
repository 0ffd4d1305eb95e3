"""Integrations: what the generated methods lack, a look whether a maintenance has started."""

from typing import TypeVar

from grafana_oncall._core.request import Request, Result
from grafana_oncall._generated.models.integrations import MaintenanceStart
from grafana_oncall._generated.resources import integrations as generated
from grafana_oncall._session.call import Send

R = TypeVar("R")


class Integrations(generated.Integrations):
    """The sources of alerts of the organization that the token belongs to.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/
    """

    async def _change(self, request: Request[R], read: Request[R]) -> R:
        """Send a change; in doubt, look whether it is there."""
        if not isinstance(request.body, MaintenanceStart):
            return await super()._change(request, read)
        mode = request.body.mode.lower()  # as the integration has it

        async def started(send: Send) -> Result[R] | None:
            current = await send(read)
            return current if getattr(current.value, "maintenance_mode", None) == mode else None

        return await self._session.send(request, read_back=started)
