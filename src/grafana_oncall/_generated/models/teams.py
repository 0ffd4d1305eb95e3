# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable, short_repr


@attrs.frozen(kw_only=True, weakref_slot=False)
class Team(Serializable):
    """A team of the organization.

    Attributes:
        id: Id of the team.
        name: Name of the team.
        grafana_id: Id of the team in Grafana, a number.
        email: Email address.
        avatar_url: URL of its picture, which may be relative to that of Grafana.
    """

    id: str
    """Id of the team."""
    name: str
    """Name of the team."""
    grafana_id: int | None = None
    """Id of the team in Grafana, a number."""
    email: str | None = None
    """Email address."""
    avatar_url: str | None = None
    """URL of its picture, which may be relative to that of Grafana."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)
