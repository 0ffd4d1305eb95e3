# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable


@attrs.frozen(kw_only=True, weakref_slot=False)
class StackInfo(Serializable):
    """The Grafana stack of an organization.

    Attributes:
        url: URL of the stack.
    """

    url: str
    """URL of the stack."""
