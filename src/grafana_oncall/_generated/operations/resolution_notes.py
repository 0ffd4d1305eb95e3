# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.resolution_notes import ResolutionNote, ResolutionNoteCreate, ResolutionNoteUpdate

LIST_RESOLUTION_NOTES: Final = Operation(
    id="list_resolution_notes",
    method="GET",
    path="resolution_notes/",
    permission="grafana-irm-app.alert-groups:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/resolution_notes/",
)


def list_resolution_notes(
    *,
    alert_group_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[ResolutionNote]]:
    """List resolution notes, those of the newest group first.

    `GET /api/v1/resolution_notes/`

    Notes of the same group come in any order.
    """
    return Request(
        operation=LIST_RESOLUTION_NOTES,
        path="resolution_notes/",
        returns=Page[ResolutionNote],
        query=query(("alert_group_id", alert_group_id), ("page", page), ("perpage", perpage)),
    )


CREATE_RESOLUTION_NOTE: Final = Operation(
    id="create_resolution_note",
    method="POST",
    path="resolution_notes/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the resolution notes of the group.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/resolution_notes/",
)


def create_resolution_note(body: ResolutionNoteCreate) -> Request[ResolutionNote]:
    """Add a resolution note to an alert group.

    `POST /api/v1/resolution_notes/`

    Not idempotent: a repeat adds another one.

    The author is the user of the token; a note of a service account has none.
    """
    return Request(
        operation=CREATE_RESOLUTION_NOTE,
        path="resolution_notes/",
        returns=ResolutionNote,
        body=body,
    )


GET_RESOLUTION_NOTE: Final = Operation(
    id="get_resolution_note",
    method="GET",
    path="resolution_notes/{resolution_note_id}/",
    permission="grafana-irm-app.alert-groups:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/resolution_notes/",
)


def get_resolution_note(resolution_note_id: str | ResolutionNote) -> Request[ResolutionNote]:
    """Get one resolution note.

    `GET /api/v1/resolution_notes/{resolution_note_id}/`
    """
    return Request(
        operation=GET_RESOLUTION_NOTE,
        path=f"resolution_notes/{segment('resolution_note_id', resolution_note_id, ID, ResolutionNote)}/",
        returns=ResolutionNote,
    )


UPDATE_RESOLUTION_NOTE: Final = Operation(
    id="update_resolution_note",
    method="PUT",
    path="resolution_notes/{resolution_note_id}/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the resolution note and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/resolution_notes/",
)


def update_resolution_note(
    resolution_note_id: str | ResolutionNote, body: ResolutionNoteUpdate
) -> Request[ResolutionNote]:
    """Replace the text of a resolution note.

    `PUT /api/v1/resolution_notes/{resolution_note_id}/`

    A note cannot move to another alert group. One that was written in Slack or the mobile app
    can be deleted, but not changed.
    """
    return Request(
        operation=UPDATE_RESOLUTION_NOTE,
        path=f"resolution_notes/{segment('resolution_note_id', resolution_note_id, ID, ResolutionNote)}/",
        returns=ResolutionNote,
        body=body,
    )


DELETE_RESOLUTION_NOTE: Final = Operation(
    id="delete_resolution_note",
    method="DELETE",
    path="resolution_notes/{resolution_note_id}/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the resolution note; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/resolution_notes/",
)


def delete_resolution_note(resolution_note_id: str | ResolutionNote) -> Request[None]:
    """Delete a resolution note, whatever its source.

    `DELETE /api/v1/resolution_notes/{resolution_note_id}/`
    """
    return Request(
        operation=DELETE_RESOLUTION_NOTE,
        path=f"resolution_notes/{segment('resolution_note_id', resolution_note_id, ID, ResolutionNote)}/",
        returns=type(None),
    )
