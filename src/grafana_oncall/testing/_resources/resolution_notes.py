"""Resolution notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.notes import FakeResolutionNote
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import GROUP, NAME
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import Check, as_text, related
from grafana_oncall.testing._server.responses import crashed, detail
from grafana_oncall.testing._server.state import FakeAlertGroup
from grafana_oncall.testing._server.world import World

from .collection import Collection
from .selection import equal
from .writes import Writes, fields


def _checks(world: World) -> dict[str, Check]:
    return {"alert_group_id": related(world.groups), "text": as_text}


def _check(_: Context, note: FakeResolutionNote | None, given: dict[str, Any]) -> None:
    if note is not None and note.source != "Web":
        raise detail(400, "Cannot update message with this source type")
    if note is not None and not given:
        raise crashed()  # a PATCH without a text


def _defaults(context: Context) -> dict[str, Any]:
    author = None if context.grant.service_account else context.grant.user.id
    return {"author": author, "created_at": context.now}


def _of_groups(context: Context) -> Callable[[FakeResolutionNote], bool]:
    return lambda note: note.alert_group_id in context.world.groups


def _newest_group_first(
    world: World, notes: Iterable[FakeResolutionNote]
) -> Iterable[FakeResolutionNote]:
    started_at = attrgetter("started_at")
    return sorted(
        notes, key=lambda note: started_at(world.groups[note.alert_group_id]), reverse=True
    )


RESOLUTION_NOTES = Collection(
    name="resolution_notes",
    kind=FakeResolutionNote,
    filters=equal("alert_group_id"),
    visible=_of_groups,
    order=_newest_group_first,
    writes=Writes(
        prefix="M",
        fields=fields(
            _checks,
            required=("alert_group_id", "text"),
            required_by_put=("text",),
            fixed=("alert_group_id",),
        ),
        role="editor",
        check=_check,
        defaults=_defaults,
    ),
)


class AddResolutionNotes(Additions):
    """Add resolution notes."""

    @explain_keywords
    def add_resolution_note(
        self,
        group: FakeAlertGroup,
        text: str,
        *,
        author: str | None = None,
        source: str = "Web",
        id: str | None = None,
    ) -> FakeResolutionNote:
        """Add a note about a group; `author` is the id of a user."""
        GROUP(group=group)
        NAME(text=text, source=source)
        NAME.or_none(author=author, id=id)
        note = FakeResolutionNote(
            id=id or self._world.ids.new("M"),
            alert_group_id=group.id,
            author=author,
            source=source,
            created_at=self._world.clock(),
            text=text,
        )
        return self._world.add(note)
