"""An integration's default route: where its alerts go when no other route takes them."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from typing import Any

from grafana_oncall.testing._server.fields import FieldError, as_mapping, collect
from grafana_oncall.testing._server.responses import refused
from grafana_oncall.testing._server.state import Flavour

_BACKENDS = ("telegram", "mobile_app", "mobile_app_critical", "email", "webhook")
_CLOUD_ONLY = ("msteams",)


def blank_default_route(id: str, flavour: Flavour) -> dict[str, Any]:
    """The default route of a new integration: Slack on, the rest off."""
    backends = _BACKENDS + (_CLOUD_ONLY if flavour == "cloud" else ())
    return {
        "id": id,
        "escalation_chain_id": None,
        "slack": {"channel_id": None, "enabled": True},
        **{name: {"id": None, "enabled": False} for name in backends},
    }


def merge_default_route(
    kept: dict[str, Any], given: dict[str, Any], chains: Collection[str]
) -> dict[str, Any]:
    """The default route after an update: absent keeps, unknown members vanish."""

    def as_chain(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or value not in chains:
            raise FieldError("Object does not exist")
        return value

    checks = {name: as_mapping for name in kept if name not in {"id", "escalation_chain_id"}}
    fields, errors = collect({"escalation_chain_id": as_chain, **checks}, given)
    if errors:
        raise refused(400, errors)
    merged = deepcopy(kept)
    for name, value in fields.items():
        merged[name] = value if name == "escalation_chain_id" else _block(kept[name], value)
    return merged


def _block(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    merged = {name: given.get(name, value) for name, value in kept.items()}
    if merged.get("channel_id"):
        merged["channel_id"] = str(merged["channel_id"]).upper()
    return {**merged, "enabled": bool(merged["enabled"])}
