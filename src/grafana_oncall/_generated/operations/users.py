# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.users import User

LIST_USERS: Final = Operation(
    id="list_users",
    method="GET",
    path="users/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/users/",
)


def list_users(
    *,
    username: str | UnsetType = UNSET,
    email: str | UnsetType = UNSET,
    roles: Sequence[str] | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[User]]:
    """List users, oldest first.

    `GET /api/v1/users/`
    """
    return Request(
        operation=LIST_USERS,
        path="users/",
        returns=Page[User],
        query=query(
            ("username", username),
            ("email", email),
            ("roles", roles),
            ("page", page),
            ("perpage", perpage),
        ),
    )


GET_CURRENT_USER: Final = Operation(
    id="get_current_user",
    method="GET",
    path="users/current/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/users/",
)


def get_current_user() -> Request[User]:
    """Get the user that the token belongs to.

    `GET /api/v1/users/current/`

    The open-source engine fails with 500 if the token is a service account's.
    """
    return Request(operation=GET_CURRENT_USER, path="users/current/", returns=User)


GET_USER: Final = Operation(
    id="get_user",
    method="GET",
    path="users/{user_id}/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/users/",
)


def get_user(user_id: str | User) -> Request[User]:
    """Get one user.

    `GET /api/v1/users/{user_id}/`
    """
    return Request(
        operation=GET_USER, path=f"users/{segment('user_id', user_id, ID, User)}/", returns=User
    )


EXPORT_USER_SCHEDULE: Final = Operation(
    id="export_user_schedule",
    method="GET",
    path="users/{user_id}/schedule_export/",
    permission="",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/users/",
)


def export_user_schedule(user_id: str | User, *, token: str) -> Request[str]:
    """Get the shifts of a user as iCalendar.

    `GET /api/v1/users/{user_id}/schedule_export/`

    The calendar has its own token, which Grafana shows when the export is created; the client's
    token does not count. It is part of the URL, and whoever has it may read the calendar: httpx
    writes URLs to its log at level INFO.
    """
    return Request(
        operation=EXPORT_USER_SCHEDULE,
        path=f"users/{segment('user_id', user_id, ID, User)}/schedule_export/",
        returns=str,
        query=query(("token", token)),
    )
