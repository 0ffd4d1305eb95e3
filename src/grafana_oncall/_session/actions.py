"""Requests of alert groups that are more than their bodies, for the facade and for bulk runs."""

from typing import Literal

import attrs

from grafana_oncall import labels as label_rules
from grafana_oncall._core.request import Request, Result
from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupDelete, DeleteMode
from grafana_oncall._generated.models.labels import Label
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._validation.enums import delete_mode

from .call import ReadBack, Send


def delete(
    alert_group_id: str | AlertGroup, mode: DeleteMode | Literal["wipe", "delete"]
) -> Request[None]:
    """Return the request that wipes or deletes a group."""
    body = AlertGroupDelete(mode=delete_mode(mode))
    request = operations.delete_alert_group(alert_group_id, body)
    if body.mode != DeleteMode.WIPE:
        return request
    # The server takes a second wipe like the first; a group that is gone was not wiped.
    return attrs.evolve(request, operation=attrs.evolve(request.operation, retry="same"))


def add_label(
    alert_group_id: str | AlertGroup, key: str, value: str
) -> tuple[Request[Label], ReadBack[Label]]:
    """Return the request that attaches a label, and what reads back whether it is there."""

    async def attached(send: Send) -> Result[Label] | None:
        result = await send(operations.get_alert_group(alert_group_id))
        for label in result.value.labels:
            if (label.key.name, label.value.name) == (key, value):
                return Result(value=label, response=result.response)
        return None

    body = label_rules.to_input(key, value)
    return operations.add_alert_group_label(alert_group_id, body), attached


def remove_label(alert_group_id: str | AlertGroup, key: str, value: str) -> Request[None]:
    """Return the request that removes a label, which may be older than the rules."""
    body = label_rules.to_attached(key, value)
    return operations.remove_alert_group_label(alert_group_id, body)
