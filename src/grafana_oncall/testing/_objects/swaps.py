"""Shift swaps."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from grafana_oncall._core.field_texts import DocumentedFields

from .references import refers_to
from .schedules import FakeSchedule, FakeSpan


@attrs.define(kw_only=True, eq=False)
class FakeShiftSwap(DocumentedFields):
    """A request that somebody take the shifts of a user in a schedule, with which it goes."""

    id: str
    schedule: str = attrs.field(metadata=refers_to(FakeSchedule, "deleted"))
    """Id of the schedule."""
    swap_start: datetime
    swap_end: datetime
    beneficiary: str
    """Id of the user whose shifts are to be taken."""
    benefactor: str | None = None
    """Id of the user who has taken them."""
    description: str | None = None
    created_at: datetime
    updated_at: datetime = attrs.Factory(lambda self: self.created_at, takes_self=True)

    def status_at(self, moment: datetime) -> Literal["open", "taken", "past_due"]:
        """Return the status at a moment."""
        if self.benefactor is not None:
            return "taken"
        return "past_due" if moment > self.swap_start else "open"

    def concerns(self, span: FakeSpan) -> bool:
        """Whether the beneficiary is on call in this span, within the time of the swap."""
        is_within = span.start < self.swap_end and self.swap_start < span.end
        return is_within and span.user == self.beneficiary

    def applied(self, span: FakeSpan) -> list[FakeSpan]:
        """Return what becomes of a span: the benefactor takes the part in the time of the swap."""
        if self.benefactor is None or not self.concerns(span):
            return [span]
        start, end = max(span.start, self.swap_start), min(span.end, self.swap_end)
        parts = [
            FakeSpan(span.user, span.start, start),
            FakeSpan(self.benefactor, start, end),
            FakeSpan(span.user, end, span.end),
        ]
        return [part for part in parts if part.start < part.end]
