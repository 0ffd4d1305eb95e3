"""What the templates of an integration make of an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from .defaults import defaults_of
from .templates import RenderFailed, holds, render


@attrs.frozen(kw_only=True)
class Reading:
    """What an alert says: its title, its group, and whether that is over or known."""

    title: str
    key: str
    """What alerts of one group have in common; `""` for an alert that has a group of its own."""
    resolves: bool
    acknowledges: bool


def read_alert(
    type: str,
    own: Mapping[str, Any],
    payload: Any,
    labels: Mapping[str, str] | None,
    now: datetime,
) -> Reading:
    """Return what an alert says, by an integration's own templates or by those of its type."""
    defaults = defaults_of(type)
    names = {"payload": payload, "labels": labels}
    return Reading(
        title=_title(own["web"]["title"] or defaults.title, now, names),
        key=_key(own["grouping_key"] or defaults.grouping_key, now, names),
        resolves=holds(own["resolve_signal"] or defaults.resolve_signal, now, **names),
        acknowledges=holds(own["acknowledge_signal"], now, **names),
    )


def _title(source: str, now: datetime, names: Mapping[str, Any]) -> str:
    try:
        return render(source, now, **names)
    except RenderFailed as failure:
        return str(failure)


def _key(source: str, now: datetime, names: Mapping[str, Any]) -> str:
    try:
        return render(source, now, **names)
    except RenderFailed:
        return ""
