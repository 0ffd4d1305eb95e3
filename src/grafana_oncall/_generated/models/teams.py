# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable, short_repr


@attrs.frozen(kw_only=True)
class Team(Serializable):
    """A team of the organization.

    Attributes:
        id: Id of the team.
        name: Name of the team.
        grafana_id: Number of the team in Grafana.
        email: Email address.
        avatar_url: URL of its picture; may be relative to Grafana's.
    """

    id: str
    """Id of the team."""
    name: str
    """Name of the team."""
    grafana_id: int | None = None
    """Number of the team in Grafana."""
    email: str | None = None
    """Email address."""
    avatar_url: str | None = None
    """URL of its picture; may be relative to Grafana's."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)
