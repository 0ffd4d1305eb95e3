# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of resolution_notes: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.resolution_notes import ResolutionNote, ResolutionNoteCreate, ResolutionNoteUpdate
from ..operations import resolution_notes as operations


class ResolutionNotes(Resource):
    """What people found out about alert groups, for those who read them later.

    Writes need the Editor role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/resolution_notes/
    """

    def list(
        self,
        *,
        alert_group_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[ResolutionNote]:
        """List resolution notes, those of the newest group first.

        Notes of the same group come in any order.

        Args:
            alert_group_id: Exact id of the alert group; an unknown one has no notes.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_resolution_notes(
            alert_group_id=arguments.identifier("alert_group_id", alert_group_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def create(self, *, alert_group_id: str, text: str) -> ResolutionNote:
        """Add a resolution note to an alert group.

        Not idempotent: a repeat adds another one.

        The author is the user of the token; a note of a service account has none.

        Args:
            alert_group_id: Id of the alert group.
            text: The note.

        Raises:
            OutcomeUnknown: There was no response, so the note may exist now.
            BadRequest: There is no such alert group.
        """
        body = bodies.body(
            ResolutionNoteCreate,
            alert_group_id=arguments.filled("alert_group_id", alert_group_id),
            text=arguments.filled("text", text),
        )
        return await self._session.send(operations.create_resolution_note(body))

    async def get(self, resolution_note_id: str | ResolutionNote) -> ResolutionNote:
        """Get one resolution note.

        Args:
            resolution_note_id: Id of the resolution note, or the object.

        Raises:
            NotFound: There is no such note.
        """
        return await self._session.send(operations.get_resolution_note(resolution_note_id))

    async def update(
        self, resolution_note_id: str | ResolutionNote, *, text: str
    ) -> ResolutionNote:
        """Replace the text of a resolution note.

        A note cannot move to another alert group. One that was written in Slack or the mobile
        app can be deleted, but not changed.

        Args:
            resolution_note_id: Id of the resolution note, or the object.
            text: The note, which replaces the present one.

        Raises:
            NotFound: There is no such note.
            BadRequest: The source of the note is not `Web`.
        """
        body = bodies.body(ResolutionNoteUpdate, text=arguments.filled("text", text))
        request = operations.update_resolution_note(resolution_note_id, body)
        return await self._change(request, operations.get_resolution_note(resolution_note_id))

    async def delete(self, resolution_note_id: str | ResolutionNote) -> None:
        """Delete a resolution note, whatever its source.

        Args:
            resolution_note_id: Id of the resolution note, or the object.

        Raises:
            NotFound: There is no such note.
        """
        return await self._session.send(operations.delete_resolution_note(resolution_note_id))
