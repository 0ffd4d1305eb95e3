"""Validation of an integration's fields, in the order in which the server does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from grafana_oncall.testing._ingest.templates import is_jinja
from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    as_list,
    as_mapping,
    as_named,
    as_short_text,
    as_text,
    collect,
    team,
)
from grafana_oncall.testing._server.responses import crashed, detail
from grafana_oncall.testing._server.state import FakeTeam, Flavour
from grafana_oncall.testing._server.world import World

from .integration_settings import check_templates


@attrs.frozen(kw_only=True)
class IntegrationType:
    """A type of integrations: whether the open-source engine has it, and what it is reached by."""

    oss: bool = True
    link: bool = True
    heartbeat: bool = False


TYPES = {
    "alertmanager": IntegrationType(heartbeat=True),
    "amazon_sns": IntegrationType(oss=False),
    "appdynamics": IntegrationType(oss=False),
    "datadog": IntegrationType(oss=False),
    "direct_paging": IntegrationType(),
    "elastalert": IntegrationType(heartbeat=True),
    "fabric": IntegrationType(oss=False),
    "formatted_webhook": IntegrationType(heartbeat=True),
    "grafana": IntegrationType(heartbeat=True),
    "grafana_alerting": IntegrationType(),
    "heartbeat": IntegrationType(oss=False),
    "inbound_email": IntegrationType(link=False),
    "jira": IntegrationType(oss=False),
    "kapacitor": IntegrationType(),
    "maintenance": IntegrationType(link=False),
    "manual": IntegrationType(link=False),
    "newrelic": IntegrationType(oss=False),
    "pagerduty": IntegrationType(oss=False),
    "pingdom": IntegrationType(oss=False),
    "prtg": IntegrationType(oss=False, heartbeat=True),
    "sentry": IntegrationType(oss=False),
    "sentry_platform": IntegrationType(oss=False),
    "servicenow": IntegrationType(oss=False),
    "slack_channel": IntegrationType(oss=False),
    "stackdriver": IntegrationType(oss=False),
    "uptimerobot": IntegrationType(oss=False),
    "webhook": IntegrationType(heartbeat=True),
    "zabbix": IntegrationType(heartbeat=True),
    "zendesk": IntegrationType(oss=False),
}


def link_type(type: str) -> str:
    """Return how a type is called in links."""
    return type.removeprefix("legacy_")


_DEPRECATED = frozenset({"legacy_alertmanager", "legacy_grafana_alerting"})
_KEY = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]{0,61}[A-Za-z])?")
_VALUE = re.compile(r"[A-Za-z_.-](?:[A-Za-z0-9_.-]{0,61}[A-Za-z_.-])?")


def checks(world: World) -> dict[str, Check]:
    """Return the check of each field; an update ignores the type."""
    return {
        "name": as_text,
        "description_short": as_short_text,
        "team_id": team(world.store(FakeTeam)),
        "type": partial(_as_type, world.flavour),
        "default_route": as_mapping,
        "templates": partial(_as_templates, world.flavour),
        # On a server without labels, these two are unknown fields like any other.
        **(_LABEL_CHECKS if world.flavour == "cloud" else {}),
    }


def _as_type(flavour: Flavour, value: Any) -> str:
    if value is None or value == "":
        as_text(value)  # which says what is wrong
    if isinstance(value, list | dict):
        raise crashed()  # the server looks it up in a set
    if value in _DEPRECATED:
        raise detail(400, "This integration type is deprecated")
    if value == "direct_paging":
        raise detail(400, "Direct paging integrations can't be created")
    if value not in TYPES or (flavour == "oss" and not TYPES[value].oss):
        raise detail(400, "Invalid integration type")
    return str(value)


def _as_templates(flavour: Flavour, value: Any) -> dict[str, Any]:
    templates = as_mapping(value)
    check_templates(templates, flavour)
    return templates


def _as_labels(is_value: Callable[[str], object], value: Any) -> list[tuple[str, str]]:
    labels = [_as_label(is_value, item) for item in as_list(value)]
    if len({key for key, _ in labels}) < len(labels):
        raise FieldError("Label keys must be unique")
    return labels


def _as_label(is_value: Callable[[str], object], item: Any) -> tuple[str, str]:
    label = as_mapping(item)
    fields, errors = collect({"key": as_named, "value": as_named}, label)
    missing = {name: ["This field is required."] for name in ("key", "value") if name not in label}
    if errors or missing:
        raise FieldError({**errors, **missing})
    if not _KEY.fullmatch(fields["key"]):
        raise FieldError(f"Invalid label key '{fields['key']}'")
    if not is_value(fields["value"]):
        raise FieldError(f"Invalid label value '{fields['value']}'")
    return fields["key"], fields["value"]


_LABEL_CHECKS: dict[str, Check] = {
    "labels": partial(_as_labels, _VALUE.fullmatch),
    "dynamic_labels": partial(_as_labels, is_jinja),
}
