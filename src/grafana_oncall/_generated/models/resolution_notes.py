# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import Annotated

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import AwareDatetime


@attrs.frozen(kw_only=True, weakref_slot=False)
class ResolutionNote(Serializable):
    """A note about an alert group.

    Attributes:
        id: Id of the note.
        alert_group_id: Id of the alert group.
        text: Text of the note.
        author: Id of the user who wrote it; null for a service account.
        source: Where it was written: `Web` (also through the API), `Slack` or `Mobile App`.
        created_at: When it was written.
    """

    id: str
    """Id of the note."""
    alert_group_id: str
    """Id of the alert group."""
    text: str
    """Text of the note."""
    author: str | None = None
    """Id of the user who wrote it; null for a service account."""
    source: str | None = None
    """Where it was written: `Web` (also through the API), `Slack` or `Mobile App`."""
    created_at: AwareDatetime | None = None
    """When it was written."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class ResolutionNoteCreate(Serializable):
    """A resolution note to add.

    Attributes:
        alert_group_id: Id of the alert group.
        text: The note.
    """

    alert_group_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the alert group."""
    text: Annotated[str, msgspec.Meta(min_length=1)]
    """The note."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ResolutionNoteUpdate(Serializable):
    """A new text for a resolution note.

    Attributes:
        text: The note, which replaces the present one.
    """

    text: Annotated[str, msgspec.Meta(min_length=1)]
    """The note, which replaces the present one."""
