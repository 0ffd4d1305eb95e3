# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of users: a method for each operation."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.users import User
from ..operations import users as operations


class Users(Resource):
    """The users of the organization.

    They are those of Grafana; a new one appears some minutes after it was added there.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/users/
    """

    def list(
        self,
        *,
        username: str | None = None,
        email: str | None = None,
        roles: Sequence[arguments.Role] | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[User]:
        """List users, oldest first.

        Args:
            username: Exact username; case does not matter.
            email: Exact email address; case does not matter.
            roles: One or more of `admin`, `editor`, `viewer` and `none`; a user with any of
                them matches.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_users(
            username=arguments.text_filter("username", username),
            email=arguments.text_filter("email", email),
            roles=arguments.role_filter(roles),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def by_username(self, username: str) -> User:
        """Get the user with this username, by one request.

        Args:
            username: Exact username; case does not matter.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        username = arguments.required("username", arguments.text_filter("username", username))
        request = operations.list_users(username=username)
        return await self._one(request, operations.list_users(), "username", username)

    async def by_email(self, email: str) -> User:
        """Get the user with this email, by one request.

        Args:
            email: Exact email address; case does not matter.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        email = arguments.required("email", arguments.text_filter("email", email))
        request = operations.list_users(email=email)
        return await self._one(request, operations.list_users(), "email", email)

    async def current(self) -> User:
        """Get the user that the token belongs to.

        The open-source engine fails with 500 if the token is a service account's.
        """
        return await self._session.send(operations.get_current_user())

    async def get(self, user_id: str | User) -> User:
        """Get one user.

        Args:
            user_id: Id of the user, or the object.

        Raises:
            NotFound: There is no such user.
        """
        return await self._session.send(operations.get_user(user_id))

    async def schedule_export(self, user_id: str | User, *, token: str) -> str:
        """Get the shifts of a user as iCalendar.

        The calendar has its own token, which Grafana shows when the export is created; the
        client's token does not count. It is part of the URL, and whoever has it may read the
        calendar: httpx writes URLs to its log at level INFO.

        Args:
            user_id: Id of the user, or the object.
            token: Token of the export.

        Raises:
            Unauthorized: The token is not that of the calendar; the export may be revoked.
        """
        return await self._session.send(
            operations.export_user_schedule(
                user_id, token=arguments.required("token", arguments.text_filter("token", token))
            )
        )
