# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable, short_repr


@attrs.frozen(kw_only=True, weakref_slot=False)
class Organization(Serializable):
    """An organization.

    Attributes:
        id: Id of the organization.
    """

    id: str
    """Id of the organization."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)
