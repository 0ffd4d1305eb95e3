"""An integration's templates and default route: defaults, checks, and how an update merges them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from grafana_oncall.testing._ingest.templates import is_jinja
from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    as_bool,
    as_mapping,
    collect,
    is_mapping,
    nested,
)
from grafana_oncall.testing._server.responses import crashed, detail, refused
from grafana_oncall.testing._server.state import Flavour

BEHAVIOUR = ("grouping_key", "resolve_signal", "acknowledge_signal", "source_link")
_FULL = ("title", "message", "image_url")
# An unknown member is an error in these five; the other channels ignore it.
_STRICT: Mapping[str, tuple[str, ...]] = {
    "slack": _FULL,
    "web": _FULL,
    "sms": ("title",),
    "phone_call": ("title",),
    "telegram": _FULL,
}
_LENIENT: Mapping[str, tuple[str, ...]] = {
    "mobile_app": ("title", "message"),
    "email": ("title", "message"),
    "webhook": _FULL,
}
_CLOUD_ONLY: Mapping[str, tuple[str, ...]] = {"msteams": _FULL}


def channels(flavour: Flavour) -> dict[str, tuple[str, ...]]:
    """Return the members of each channel's block of templates."""
    everywhere = {**_STRICT, **_LENIENT}
    return {**everywhere, **_CLOUD_ONLY} if flavour == "cloud" else everywhere


def blank_templates(flavour: Flavour) -> dict[str, Any]:
    """Return the templates of a new integration: null, which is the default."""
    blocks = {name: dict.fromkeys(members) for name, members in channels(flavour).items()}
    return {**dict.fromkeys(BEHAVIOUR), **blocks}


def check_templates(given: dict[str, Any], flavour: Flavour) -> None:
    """Refuse invalid templates in the server's order: channels first."""
    for name in channels(flavour):
        if given.get(name) is not None:
            _check_block(name, given[name])
    for name in BEHAVIOUR:
        if given.get(name) is not None:
            _check_behaviour(name, given[name])


def _check_block(name: str, block: Any) -> None:
    if not is_mapping(block):
        raise detail(400, f"Invalid {name} template data")
    for member, source in block.items():
        if source is None:
            continue
        if not isinstance(source, str):
            raise crashed()  # the server passes a number to Jinja
        if not is_jinja(source):
            raise detail(400, f"invalid {name} {member} template")


def _check_behaviour(name: str, source: Any) -> None:
    if not isinstance(source, str) or not is_jinja(source):
        raise detail(400, f"Invalid {name} template data")


def merge_templates(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the templates after an update: absent keeps, null resets, unknown is ignored."""
    merged = deepcopy(kept)
    for name, value in given.items():
        if name in BEHAVIOUR:
            merged[name] = value
        elif name in merged:
            merged[name] = _merge_block(name, merged[name], value)
    return merged


def _merge_block(name: str, kept: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return dict.fromkeys(kept)
    if name in _STRICT and given.keys() - kept.keys():
        raise detail(400, "Invalid template data")
    return {member: given.get(member, source) for member, source in kept.items()}


_BACKENDS = ("telegram", "mobile_app", "mobile_app_critical", "email", "webhook")
_CLOUD_BACKENDS = ("msteams",)


def _backends(flavour: Flavour) -> tuple[str, ...]:
    return _BACKENDS + (_CLOUD_BACKENDS if flavour == "cloud" else ())


def blank_default_route(id: str, flavour: Flavour) -> dict[str, Any]:
    """Return the default route of a new integration: Slack on, the rest off."""
    return {
        "id": id,
        "escalation_chain_id": None,
        "slack": {"channel_id": None, "enabled": True},
        **{name: {"id": None, "enabled": False} for name in _backends(flavour)},
    }


def merge_default_route(
    kept: dict[str, Any], given: dict[str, Any], chains: Collection[str], flavour: Flavour
) -> dict[str, Any]:
    """Return the default route after an update: absent keeps, unknown is ignored."""

    def as_chain(value: Any) -> str | None:
        if value in (None, ""):
            return None
        if not isinstance(value, str) or value not in chains:
            raise FieldError("Object does not exist")
        return value

    fields, errors = collect({"escalation_chain_id": as_chain, **channel_checks(flavour)}, given)
    if errors:
        raise refused(400, errors)
    return merge_channels(kept, fields, flavour)


def channel_checks(flavour: Flavour) -> dict[str, Check]:
    """Return the checks of where a route posts."""
    return {
        **dict.fromkeys(_backends(flavour), _as_backend),
        "slack": nested({"enabled": as_bool, "channel_id": partial(_as_channel, flavour)}),
    }


def _as_backend(value: Any) -> dict[str, Any]:
    """Return a block whose id is a text that the server does not know, or null."""
    block = as_mapping(value)
    if not isinstance(block.get("id"), str | None):
        raise FieldError("Not a valid string.")
    return block


def merge_channels(
    kept: dict[str, Any], fields: dict[str, Any], flavour: Flavour
) -> dict[str, Any]:
    """Return the settings of a route after a change of its chain or of where it posts."""
    if flavour == "oss" and fields.get("telegram", {}).get("id") is not None:
        raise detail(400, "Telegram channel does not exist")
    merged = deepcopy(kept)
    for name in kept.keys() & fields.keys():
        value = fields[name]
        merged[name] = value if name == "escalation_chain_id" else _merge_backend(kept[name], value)
    return merged


def _as_channel(flavour: Flavour, value: Any) -> str | None:
    if value is None:
        return None
    if flavour == "oss":  # nothing is connected to it, while Cloud has any channel
        raise detail(400, "Slack isn't connected to this workspace")
    if not isinstance(value, str):
        raise FieldError("Invalid Slack channel")
    return value.upper()


def _merge_backend(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    merged = {name: given.get(name, value) for name, value in kept.items()}
    return {**merged, "enabled": bool(merged["enabled"])}
