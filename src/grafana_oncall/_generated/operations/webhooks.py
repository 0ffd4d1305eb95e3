# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.webhooks import Webhook, WebhookCreate, WebhookResponse, WebhookUpdate

LIST_WEBHOOKS: Final = Operation(
    id="list_webhooks",
    method="GET",
    path="webhooks/",
    permission="grafana-irm-app.outgoing-webhooks:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/",
)


def list_webhooks(
    *,
    name: str | UnsetType = UNSET,
    team_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[Webhook]]:
    """List outgoing webhooks.

    `GET /api/v1/webhooks/`

    Those that connect integrations to other services are left out. The open-source engine fails
    with 500 if `team_id` is given.
    """
    return Request(
        operation=LIST_WEBHOOKS,
        path="webhooks/",
        returns=Page[Webhook],
        query=query(("name", name), ("team_id", team_id), ("page", page), ("perpage", perpage)),
    )


CREATE_WEBHOOK: Final = Operation(
    id="create_webhook",
    method="POST",
    path="webhooks/",
    permission="grafana-irm-app.outgoing-webhooks:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the webhooks with this name.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/",
)


def create_webhook(body: WebhookCreate) -> Request[Webhook]:
    """Create an outgoing webhook.

    `POST /api/v1/webhooks/`
    """
    return Request(operation=CREATE_WEBHOOK, path="webhooks/", returns=Webhook, body=body)


GET_WEBHOOK: Final = Operation(
    id="get_webhook",
    method="GET",
    path="webhooks/{webhook_id}/",
    permission="grafana-irm-app.outgoing-webhooks:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/",
)


def get_webhook(webhook_id: str | Webhook) -> Request[Webhook]:
    """Get one outgoing webhook.

    `GET /api/v1/webhooks/{webhook_id}/`
    """
    return Request(
        operation=GET_WEBHOOK,
        path=f"webhooks/{segment('webhook_id', webhook_id, ID, Webhook)}/",
        returns=Webhook,
    )


UPDATE_WEBHOOK: Final = Operation(
    id="update_webhook",
    method="PUT",
    path="webhooks/{webhook_id}/",
    permission="grafana-irm-app.outgoing-webhooks:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the webhook and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/",
)


def update_webhook(webhook_id: str | Webhook, body: WebhookUpdate) -> Request[Webhook]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/webhooks/{webhook_id}/`

    The user of the token becomes the user of the webhook.
    """
    return Request(
        operation=UPDATE_WEBHOOK,
        path=f"webhooks/{segment('webhook_id', webhook_id, ID, Webhook)}/",
        returns=Webhook,
        body=body,
    )


DELETE_WEBHOOK: Final = Operation(
    id="delete_webhook",
    method="DELETE",
    path="webhooks/{webhook_id}/",
    permission="grafana-irm-app.outgoing-webhooks:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the webhook; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/",
)


def delete_webhook(webhook_id: str | Webhook) -> Request[None]:
    """Delete an outgoing webhook.

    `DELETE /api/v1/webhooks/{webhook_id}/`

    Escalation steps that trigger it remain, and trigger nothing.
    """
    return Request(
        operation=DELETE_WEBHOOK,
        path=f"webhooks/{segment('webhook_id', webhook_id, ID, Webhook)}/",
        returns=type(None),
    )


LIST_WEBHOOK_RESPONSES: Final = Operation(
    id="list_webhook_responses",
    method="GET",
    path="webhooks/{webhook_id}/responses/",
    permission="grafana-irm-app.outgoing-webhooks:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/",
)


def list_webhook_responses(
    webhook_id: str | Webhook, *, page: int | UnsetType = UNSET, perpage: int | UnsetType = UNSET
) -> Request[Page[WebhookResponse]]:
    """List what the webhook sent and what came back, newest first.

    `GET /api/v1/webhooks/{webhook_id}/responses/`

    Each attempt is listed, but only those for the present trigger of the webhook. If that is
    `status change`, only those made by escalation steps are listed.
    """
    return Request(
        operation=LIST_WEBHOOK_RESPONSES,
        path=f"webhooks/{segment('webhook_id', webhook_id, ID, Webhook)}/responses/",
        returns=Page[WebhookResponse],
        query=query(("page", page), ("perpage", perpage)),
    )
