# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Team:
    """A team of the organization."""

    id: str
    name: str
    grafana_id: int | None = None
    """Number of the team in Grafana."""
    email: str | None = None
    avatar_url: str | None = None
    """URL of its picture; may be relative to Grafana's."""
