"""Operations on one alert group: read it, act on it, label it, delete it."""

from datetime import timedelta
from typing import Literal

import attrs

from grafana_oncall import labels as label_rules
from grafana_oncall._core.request import Result
from grafana_oncall._generated.models.alert_groups import (
    AlertGroup,
    AlertGroupDelete,
    AlertGroupSilence,
    DeleteMode,
)
from grafana_oncall._generated.models.labels import Label
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._validation.arguments import Forever, silence_delay
from grafana_oncall._validation.enums import delete_mode

from .call import Send
from .session import Session


class Actions:
    """One method for each operation on a single alert group."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, alert_group_id: str) -> AlertGroup:
        """Return one alert group; raise NotFound when there is none of this id."""
        return await self._session.send(operations.get_alert_group(alert_group_id))

    async def acknowledge(self, alert_group_id: str) -> None:
        """Acknowledge the group and those attached to it, and end its silence.

        Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is acknowledged. It may also be resolved since: the server checks
                for the acknowledgement first.
            Conflict: It is resolved, attached to another group, or a maintenance.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.acknowledge_alert_group(alert_group_id))

    async def unacknowledge(self, alert_group_id: str) -> None:
        """Take an acknowledgement back: the group fires again. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is not acknowledged.
            Conflict: It is resolved, attached to another group, or a maintenance.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.unacknowledge_alert_group(alert_group_id))

    async def resolve(self, alert_group_id: str) -> None:
        """Resolve the group, or end a maintenance. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is resolved already.
            Conflict: It is attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.resolve_alert_group(alert_group_id))

    async def unresolve(self, alert_group_id: str) -> None:
        """Make a resolved group fire again, unacknowledged. Needs a user's OnCall API key.

        A wiped group stays resolved although the server reports success; `get` it where that
        matters.

        Raises:
            AlreadyInState: It is not resolved.
            Conflict: It is attached to another group, or a maintenance.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.unresolve_alert_group(alert_group_id))

    async def silence(self, alert_group_id: str, delay: timedelta | int | Forever) -> None:
        """Silence the group for a while, or for ever. Needs a user's OnCall API key.

        Not idempotent: silencing a silenced group restarts its timer. So it is not retried when no
        response comes, but raises `OutcomeUnknown`.

        Args:
            alert_group_id: Id of the group.
            delay: How long, as a timedelta (rounded up to seconds) or in whole seconds, from 1
                second to 68 years; or `FOREVER`.

        Raises:
            Conflict: It is resolved, acknowledged, or attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        body = AlertGroupSilence(delay=silence_delay(delay))
        await self._session.send(operations.silence_alert_group(alert_group_id, body))

    async def unsilence(self, alert_group_id: str) -> None:
        """End the silence of the group. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is not silenced.
            Conflict: It is resolved, acknowledged, or attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.unsilence_alert_group(alert_group_id))

    async def delete(
        self, alert_group_id: str, *, mode: DeleteMode | Literal["wipe", "delete"] = "wipe"
    ) -> None:
        """Ask the server to wipe or to delete the group, which it does later.

        Args:
            alert_group_id: Id of the group.
            mode: `wipe` empties title and payload, resolves the group, and keeps it; `delete`
                removes it with its messages in Slack and elsewhere: `get` then raises NotFound.

        Raises:
            NotFound: There is no such group, or it is deleted.
        """
        body = AlertGroupDelete(mode=delete_mode(mode))
        request = operations.delete_alert_group(alert_group_id, body)
        if body.mode == DeleteMode.WIPE:
            # The server takes a second wipe like the first; a group that is gone was not wiped.
            wipe = attrs.evolve(request.operation, retry="same")
            request = attrs.evolve(request, operation=wipe)
        await self._session.send(request)

    async def add_label(self, alert_group_id: str, key: str, value: str) -> Label:
        """Attach a label, whose key and value must exist on the server. Grafana Cloud only.

        Raises:
            LabelError: Key or value break the documented rules. Nothing was sent.
            AlreadyInState: The group has this label.
            BadRequest: Key or value are unknown to the server, or the group has 50 labels.
            EndpointUnavailable: The open-source engine has no labels of alert groups.
        """
        body = label_rules.to_input(key, value)
        request = operations.add_alert_group_label(alert_group_id, body)

        async def attached(send: Send) -> Result[Label] | None:
            result = await send(operations.get_alert_group(alert_group_id))
            for label in result.value.labels:
                if (label.key.name, label.value.name) == (key, value):
                    return Result(value=label, response=result.response)
            return None

        return await self._session.send(request, read_back=attached)

    async def remove_label(self, alert_group_id: str, key: str, value: str) -> None:
        """Remove a label, which may be older than the rules for new ones. Grafana Cloud only.

        Raises:
            LabelError: Key or value cannot be those of a label. Nothing was sent.
            NotFound: There is no such group, or it has no such label.
            EndpointUnavailable: The open-source engine has no labels of alert groups.
        """
        body = label_rules.to_attached(key, value)
        await self._session.send(operations.remove_alert_group_label(alert_group_id, body))
