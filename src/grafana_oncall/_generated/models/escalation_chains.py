# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import Annotated

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, UnsetType


@attrs.frozen(kw_only=True, weakref_slot=False)
class EscalationChain(Serializable):
    """A chain of steps that an alert group goes through until somebody acts.

    Attributes:
        id: Id of the chain.
        name: Name of the chain.
        team_id: Id of the team; null for none.
    """

    id: str
    """Id of the chain."""
    name: str
    """Name of the chain."""
    team_id: str | None = None
    """Id of the team; null for none."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class EscalationChainCreate(Serializable):
    """An escalation chain to create.

    Attributes:
        name: Unique in the organization, up to 100 characters.
        team_id: Id of the team.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """Unique in the organization, up to 100 characters."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class EscalationChainUpdate(Serializable):
    """Changes to an escalation chain. The server asks for the name in any case.

    Attributes:
        name: Unique in the organization, up to 100 characters.
        team_id: Id of the new team; null for no team.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    """Unique in the organization, up to 100 characters."""
    team_id: str | None | UnsetType = UNSET
    """Id of the new team; null for no team."""
