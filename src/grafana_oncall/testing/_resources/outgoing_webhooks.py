"""Outgoing webhooks: their settings, and what came back to them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._ingest.templates import is_jinja
from grafana_oncall.testing._objects.webhooks import FakeWebhook, FakeWebhookResponse
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME
from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    as_bool,
    as_list,
    as_text,
    is_mapping,
    nullable,
    team,
    text,
)
from grafana_oncall.testing._server.responses import FakeResponse, as_json, crashed, detail
from grafana_oncall.testing._server.state import FakeIntegration, FakeTeam, Flavour, keep
from grafana_oncall.testing._server.world import World

from .collection import Collection, show_fields
from .selection import all_of, equal, in_team
from .writes import Writes, fields, unique

MASK = "*" * 16
"""What responses have in place of a secret."""
_MASKED = ("password", "authorization_header")
_METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
_TRIGGERS = [
    *("escalation", "alert group created", "acknowledge", "resolve", "silence", "unsilence"),
    *("unresolve", "unacknowledge", "status change", "personal notification"),
]
_CLOUD_TRIGGERS = [
    *("resolution note added", "incident declared", "incident changed", "incident resolved"),
]


def _show(world: World, webhook: FakeWebhook) -> dict[str, Any]:
    shown = show_fields(world, webhook)
    del shown["responses"]
    masked = {name: MASK for name in _MASKED if shown[name]}
    return {**shown, **masked, "integration_filter": webhook.integration_filter or None}


def _checks(world: World) -> dict[str, Check]:
    template, secret = nullable(_as_template, blank=True), nullable(_as_line)
    return {
        "name": text(100),
        "is_webhook_enabled": as_bool,
        "team": team(world.store(FakeTeam)),
        **dict.fromkeys(("data", "trigger_template", "headers"), template),
        **dict.fromkeys(("username", *_MASKED), secret),
        "url": _as_template,
        "forward_all": as_bool,
        "http_method": _as_method,
        "trigger_type": partial(_as_trigger, world.flavour),
        "integration_filter": partial(_as_integrations, world),
        "preset": partial(_as_preset, world.flavour),
    }


def _as_template(value: Any) -> str:
    source = as_text(value)
    if not is_jinja(source):
        raise FieldError("Template Error: the template is not valid")
    return source


def _as_line(value: Any) -> str:
    return "" if value == "" else as_text(value)


def _as_method(value: Any) -> str:
    if as_text(value) not in _METHODS:
        raise FieldError(f"Must be one of {_METHODS}")
    return str(value)


def _as_trigger(flavour: Flavour, value: Any) -> str:
    known = _TRIGGERS + (_CLOUD_TRIGGERS if flavour == "cloud" else [])
    if as_text(value) not in known:
        raise detail(400, f"trigger_type must one of {known}")
    return str(value)


def _as_integrations(world: World, value: Any) -> list[str]:
    given = as_list(value or [])
    if not all(isinstance(each, str) and each in world.store(FakeIntegration) for each in given):
        raise FieldError("Integration does not exist")
    return [*dict.fromkeys(given)]


def _as_preset(flavour: Flavour, value: Any) -> str:
    if flavour == "oss":
        raise FieldError("Preset webhooks must be modified through web UI")
    return as_text(value)


_read = fields(
    _checks, required=("name", "url", "http_method", "trigger_type"), crashes_on_lists=True
)


def _fields(context: Context, webhook: FakeWebhook | None) -> dict[str, Any]:
    """Read a body: secrets that are masked stay, and what is left out may be reset."""
    body = context.data()
    is_masked = is_mapping(body) and MASK in [body.get(name) for name in _MASKED]
    if webhook is None and is_masked:
        raise crashed()  # it has no secret to keep
    given = _read(context, webhook)
    if webhook is None:
        return given
    reset: dict[str, Any] = {"integration_filter": []}
    if context.request.method == "PUT":
        reset["team"] = None
    kept = [name for name in _MASKED if given.get(name) == MASK]
    return {**reset, **{name: given[name] for name in given if name not in kept}}


def list_responses(context: Context) -> FakeResponse:
    """List what came back to a webhook since it has its present trigger, newest first."""
    webhook, world = WEBHOOKS.find(context), context.world
    found = [each for each in webhook.responses if each.trigger_type == webhook.trigger_type]
    found.sort(key=lambda each: each.timestamp, reverse=True)
    return page_response(context, found, lambda each: as_json(_show_response(world, each)))


def _show_response(world: World, response: FakeWebhookResponse) -> dict[str, Any]:
    shown = show_fields(world, response)
    del shown["trigger_type"], shown["group"]
    return shown


WEBHOOKS = Collection(
    name="webhooks",
    kind=FakeWebhook,
    show=_show,
    filters=all_of(equal("name"), in_team),
    writes=Writes(
        prefix="WH",
        fields=_fields,
        check=unique(FakeWebhook, "name", "The fields name, organization must make a unique set."),
    ),
    extra=(
        Operation(
            "list_webhook_responses", "GET", "webhooks/{id}/responses", "viewer", list_responses
        ),
    ),
)


class AddWebhooks(Additions):
    """Add outgoing webhooks."""

    @explain_keywords
    def add_webhook(
        self,
        name: str,
        *,
        url: str = "https://hooks.example/",
        http_method: str = "POST",
        trigger_type: str = "alert group created",
        team_id: str | None = None,
        integration_filter: Iterable[str] = (),
        id: str | None = None,
    ) -> FakeWebhook:
        """Add an outgoing webhook; its other fields can be set on the object."""
        NAME(name=name, url=url, http_method=http_method, trigger_type=trigger_type)
        NAME.or_none(team_id=team_id, id=id)
        webhook = FakeWebhook(
            id=id or self._world.ids.new("WH"),
            name=name,
            url=url,
            http_method=http_method,
            trigger_type=trigger_type,
            team=team_id,
            integration_filter=[*integration_filter],
        )
        return self._world.add(webhook)

    @explain_keywords
    def add_webhook_response(
        self, webhook: FakeWebhook, *, status_code: int | None = 200, content: str | None = ""
    ) -> FakeWebhookResponse:
        """Add what came back to a webhook just now; its other fields can be set on the object."""
        response = FakeWebhookResponse(
            timestamp=self._world.clock(),
            url=webhook.url,
            request_trigger="",
            request_headers="{}",
            request_data="{}",
            status_code=status_code,
            content=content,
            event_data="{}",
            trigger_type=webhook.trigger_type,
        )
        keep(webhook.responses, response)
        return response
