"""Escalation policies: what the generated update lacks, a look before it hides a step."""

from typing import Final, TypeVar

from grafana_oncall._core.request import Request
from grafana_oncall._core.types import UNSET
from grafana_oncall._generated.models.escalation_policies import EscalationPolicyUpdate
from grafana_oncall._generated.operations.users import list_users
from grafana_oncall._generated.resources import escalation_policies as generated
from grafana_oncall.errors import InvalidArgument

R = TypeVar("R")

_QUEUE: Final = "notify_person_next_each_time"


class EscalationPolicies(generated.EscalationPolicies):
    """The steps of escalation chains.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/
    """

    async def _change(self, request: Request[R], read: Request[R]) -> R:
        """Refuse a change that the server would take and the user would regret."""
        match request.body:
            case EscalationPolicyUpdate(important=True) as body if await self._hides(body, read):
                message = (
                    f"important=True for {_QUEUE}: the open-source engine would hide this step,"
                    " and this server is not known to be Grafana Cloud. Nothing was changed."
                )
                raise InvalidArgument(message, argument="important")
            case _:
                return await super()._change(request, read)

    async def _hides(self, body: EscalationPolicyUpdate, read: Request[R]) -> bool:
        """Whether the API could no longer show the step, as far as can be known."""
        if body.type is UNSET:
            policy = await self._session.send(read)
            is_queue = getattr(policy, "type", None) == _QUEUE
        else:
            is_queue = body.type == _QUEUE
        if not is_queue:
            return False
        page = await self._session.send(list_users(perpage=1))
        # Only Grafana Cloud shows this, of every user.
        return not any(user.phone_number_status for user in page.results)
