"""Escalation chains and what belongs to them."""

from __future__ import annotations

import attrs


@attrs.define(kw_only=True, eq=False)
class FakeEscalationChain:
    """A chain of steps that an alert group goes through until somebody acts."""

    id: str
    name: str
    team_id: str | None = None
