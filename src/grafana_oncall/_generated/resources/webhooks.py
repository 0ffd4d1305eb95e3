# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of webhooks: a method for each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.webhooks import (
    HttpMethod,
    Preset,
    TriggerType,
    Webhook,
    WebhookCreate,
    WebhookResponse,
    WebhookUpdate,
)
from ..operations import webhooks as operations


class Webhooks(Resource):
    """Outgoing webhooks: requests that the server sends when something happens to an alert group.

    Writes need the Admin role. `grafana_oncall.webhooks` receives what they send.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/outgoing_webhooks/
    """

    def list(
        self,
        *,
        name: str | None = None,
        team_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Webhook]:
        """List outgoing webhooks.

        Those that connect integrations to other services are left out. The open-source engine
        fails with 500 if `team_id` is given.

        Args:
            name: Exact name of the webhook; case-sensitive.
            team_id: Id of the team, or `NO_TEAM` for none; None does not filter.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_webhooks(
            name=arguments.text_filter("name", name),
            team_id=arguments.identifier("team_id", team_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def by_name(self, name: str) -> Webhook:
        """Get the webhook with this name, by one request.

        Args:
            name: Exact name of the webhook; case-sensitive.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        name = arguments.required("name", arguments.text_filter("name", name))
        request = operations.list_webhooks(name=name)
        return await self._one(request, operations.list_webhooks(), "name", name)

    async def create(
        self,
        *,
        name: str,
        url: str,
        http_method: HttpMethod | Literal["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"],
        trigger_type: TriggerType,
        is_webhook_enabled: bool | UnsetType = UNSET,
        team: str | None | UnsetType = UNSET,
        data: str | None | UnsetType = UNSET,
        forward_all: bool | UnsetType = UNSET,
        username: str | None | UnsetType = UNSET,
        password: str | None | UnsetType = UNSET,
        authorization_header: str | None | UnsetType = UNSET,
        headers: str | Mapping[str, str] | None | UnsetType = UNSET,
        trigger_template: str | None | UnsetType = UNSET,
        integration_filter: Sequence[str] | None | UnsetType = UNSET,
        preset: Preset | UnsetType = UNSET,
        reconcile: bool = False,
    ) -> Webhook:
        """Create an outgoing webhook.

        Args:
            name: Unique in the organization, up to 100 characters.
            url: Where to send; a Jinja2 template.
            http_method: Method of the request.
            trigger_type: What a webhook is sent for: `escalation` by a step of an escalation
                chain, `status change` for any change of state. The last four are known to Grafana
                Cloud only.
            is_webhook_enabled: Whether it is sent at all, by default true.
            team: Id of the team; without it, the current team of the user, usually none.
            data: The body, a Jinja2 template, if `forward_all` is false.
            forward_all: Whether the body is the whole event, by default true.
            username: User name for basic authentication.
            password: Password for basic authentication.
            authorization_header: Value of the header Authorization, unless there are a user
                name and a password.
            headers: Further headers, as a mapping, or as a Jinja2 template that makes a JSON
                object.
            trigger_template: A Jinja2 template: the webhook is sent only if this makes
                `true`, in any case, or `1`.
            integration_filter: Ids of the integrations whose groups it is sent for; None for
                all.
            preset: Grafana Cloud only: the open-source engine refuses any.
            reconcile: Whether to look for the `name`, which is then required, when a request
                got no response, and to retry if nothing has it. Costs a request for the list
                before, and one each time a request is in doubt. What another program creates by
                this name, and in this team if one is given, at the same moment is taken for the
                result.

        Raises:
            TemplateError: Templates are not valid Jinja2.
            OutcomeUnknown: There was no response, so the webhook may exist now.
            BadRequest: The name is taken; the trigger, an integration or the team is unknown;
                or the server takes no preset.
        """
        body = bodies.body(
            WebhookCreate,
            name=arguments.filled("name", name),
            url=bodies.template("url", url),
            http_method=arguments.one_of("http_method", http_method, HttpMethod),
            trigger_type=arguments.filled("trigger_type", trigger_type),
            is_webhook_enabled=is_webhook_enabled,
            team=team,
            data=(data if data is UNSET or data is None else bodies.template("data", data)),
            forward_all=forward_all,
            username=username,
            password=(
                password
                if password is UNSET or password is None
                else arguments.new_secret("password", password)
            ),
            authorization_header=(
                authorization_header
                if authorization_header is UNSET or authorization_header is None
                else arguments.new_secret("authorization_header", authorization_header)
            ),
            headers=(
                headers
                if headers is UNSET or headers is None
                else bodies.json_template("headers", headers)
            ),
            trigger_template=(
                trigger_template
                if trigger_template is UNSET or trigger_template is None
                else bodies.template("trigger_template", trigger_template)
            ),
            integration_filter=integration_filter,
            preset=(preset if preset is UNSET else arguments.filled("preset", preset)),
        )
        request = operations.create_webhook(body)
        if reconcile:
            return await self._create_once(request, operations.list_webhooks, name)
        return await self._session.send(request)

    async def get(self, webhook_id: str | Webhook) -> Webhook:
        """Get one outgoing webhook.

        Args:
            webhook_id: Id of the webhook, or the object.

        Raises:
            NotFound: There is no such webhook.
        """
        return await self._session.send(operations.get_webhook(webhook_id))

    async def update(
        self,
        webhook_id: str | Webhook,
        *,
        name: str | UnsetType = UNSET,
        url: str | UnsetType = UNSET,
        http_method: HttpMethod
        | Literal["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
        | UnsetType = UNSET,
        trigger_type: TriggerType | UnsetType = UNSET,
        is_webhook_enabled: bool | UnsetType = UNSET,
        team: str | None | UnsetType = UNSET,
        data: str | None | UnsetType = UNSET,
        forward_all: bool | UnsetType = UNSET,
        username: str | None | UnsetType = UNSET,
        password: str | None | UnsetType = UNSET,
        authorization_header: str | None | UnsetType = UNSET,
        headers: str | Mapping[str, str] | None | UnsetType = UNSET,
        trigger_template: str | None | UnsetType = UNSET,
        integration_filter: Sequence[str] | None | UnsetType = UNSET,
        preset: Preset | UnsetType = UNSET,
    ) -> Webhook:
        """Change the members that are given, and keep the others.

        The user of the token becomes the user of the webhook.

        Unless `team` and `integration_filter` are given, reads the webhook first and sends what
        is missing of them as it is, because the server would reset it or refuse the change. If
        another program changes it between the two requests, that change is undone.

        Args:
            webhook_id: Id of the webhook, or the object.
            name: Unique in the organization, up to 100 characters.
            url: Where to send; a Jinja2 template.
            http_method: Method of the request.
            trigger_type: What a webhook is sent for: `escalation` by a step of an escalation
                chain, `status change` for any change of state. The last four are known to Grafana
                Cloud only.
            is_webhook_enabled: Whether it is sent at all.
            team: Id of the team; None for no team.
            data: The body, a Jinja2 template, if `forward_all` is false.
            forward_all: Whether the body is the whole event.
            username: User name for basic authentication.
            password: Password for basic authentication. Sixteen asterisks, as in responses,
                keep the present one.
            authorization_header: Value of the header Authorization, unless there are a user
                name and a password. Sixteen asterisks, as in responses, keep the present one.
            headers: Further headers, as a mapping, or as a Jinja2 template that makes a JSON
                object.
            trigger_template: A Jinja2 template: the webhook is sent only if this makes
                `true`, in any case, or `1`.
            integration_filter: Ids of the integrations whose groups it is sent for; None for
                all.
            preset: Grafana Cloud only: the open-source engine refuses any.

        Raises:
            TemplateError: Templates are not valid Jinja2.
            NotFound: There is no such webhook.
            BadRequest: The name is taken; the trigger, an integration or the team is unknown;
                or the server takes no preset.
        """
        body = bodies.body(
            WebhookUpdate,
            name=(name if name is UNSET else arguments.filled("name", name)),
            url=(url if url is UNSET else bodies.template("url", url)),
            http_method=(
                http_method
                if http_method is UNSET
                else arguments.one_of("http_method", http_method, HttpMethod)
            ),
            trigger_type=(
                trigger_type
                if trigger_type is UNSET
                else arguments.filled("trigger_type", trigger_type)
            ),
            is_webhook_enabled=is_webhook_enabled,
            team=team,
            data=(data if data is UNSET or data is None else bodies.template("data", data)),
            forward_all=forward_all,
            username=username,
            password=password,
            authorization_header=authorization_header,
            headers=(
                headers
                if headers is UNSET or headers is None
                else bodies.json_template("headers", headers)
            ),
            trigger_template=(
                trigger_template
                if trigger_template is UNSET or trigger_template is None
                else bodies.template("trigger_template", trigger_template)
            ),
            integration_filter=integration_filter,
            preset=(preset if preset is UNSET else arguments.filled("preset", preset)),
        )
        body = await self._merged(
            body, operations.get_webhook(webhook_id), ["team", "integration_filter"]
        )
        request = operations.update_webhook(webhook_id, body)
        return await self._change(request, operations.get_webhook(webhook_id))

    async def delete(self, webhook_id: str | Webhook) -> None:
        """Delete an outgoing webhook.

        Escalation steps that trigger it remain, and trigger nothing.

        Args:
            webhook_id: Id of the webhook, or the object.

        Raises:
            NotFound: There is no such webhook.
        """
        return await self._session.send(operations.delete_webhook(webhook_id))

    def responses(
        self,
        webhook_id: str | Webhook,
        *,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[WebhookResponse]:
        """List what the webhook sent and what came back, newest first.

        Each attempt is listed, but only those for the present trigger of the webhook. If that
        is `status change`, only those made by escalation steps are listed.

        Args:
            webhook_id: Id of the webhook, or the object.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.

        Raises:
            NotFound: There is no such webhook.
        """
        request = operations.list_webhook_responses(
            webhook_id, perpage=arguments.optional_whole("perpage", perpage)
        )
        return self._list(request, prefetch)
