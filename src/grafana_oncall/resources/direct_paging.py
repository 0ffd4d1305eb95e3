"""Direct paging: whom to page, and what for, in the forms that programs have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from grafana_oncall._core.types import UNSET, HasId
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._generated.models.direct_paging import EscalationCreate, PagedUser
from grafana_oncall._generated.models.teams import Team
from grafana_oncall._generated.models.users import User
from grafana_oncall._generated.operations import direct_paging as operations
from grafana_oncall._generated.resources import direct_paging as generated
from grafana_oncall._listing import bodies
from grafana_oncall._validation.arguments import optional, several_ids
from grafana_oncall.errors import InvalidArgument

Paged: TypeAlias = str | User | PagedUser | Mapping[str, Any]
"""A user to page: an id, a user, or `{"id": …, "important": …}`."""


class DirectPaging(generated.DirectPaging):
    """Page people directly, without an alert.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation/
    """

    async def page(
        self,
        *,
        users: Paged | Iterable[Paged] = (),
        team: str | Team | None = None,
        important: bool = False,
        title: str | None = None,
        message: str | None = None,
        source_url: str | None = None,
        alert_group_id: str | AlertGroup | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> AlertGroup:
        """Page users or a team at once, for a new alert group or for one that there is.

        Each call pages people, so it is never repeated: without a response it raises
        OutcomeUnknown. The new group belongs to an integration for direct paging, which the server
        makes if there is none.

        Needs a user's OnCall API key.

        Args:
            users: One or several users: ids, users, or `{"id": …, "important": …}`. Grafana Cloud
                takes `username` in place of `id`. Excludes `team`.
            team: Id of the team, or the team. Excludes `users`.
            important: Whether to page by the rules for important notifications; a user of `users`
                may say otherwise.
            title: Title of the new group; without it, the server makes one.
            message: What it is about.
            source_url: URL of what it is about.
            alert_group_id: Id of a group that is not resolved, or the group: its responders are
                added to. Excludes `title`, `message` and `source_url`.
            metadata: More about it, such as a link to a meeting. Grafana Cloud only.

        Returns:
            The new group, or the one that was given.

        Raises:
            InvalidArgument: Nobody is to be paged, or arguments exclude each other.
            OutcomeUnknown: There was no response, so people may have been paged.
            BadRequest: A user, the team or the group is unknown, or the group is resolved.
            UserTokenRequired: The token is a service account's.
        """
        paged = [_paged(one, important) for one in _each(users)]
        news = {"title": title, "message": message, "source_url": source_url}
        _check(paged, team, alert_group_id, news)
        body = bodies.body(
            EscalationCreate,
            users=paged or UNSET,
            # Null, because the server would take the current team of the user instead.
            team=None if team is None else _id("team", team, Team),
            important_team_escalation=UNSET if team is None else important,
            alert_group_id=optional(
                alert_group_id and _id("alert_group_id", alert_group_id, AlertGroup)
            ),
            metadata=optional(metadata),
            **{name: optional(value) for name, value in news.items()},
        )
        return await self._session.send(operations.page_people(body))


def _check(users: object, team: object, group: object, news: Mapping[str, object]) -> None:
    """Refuse what the server would refuse, or would page somebody else for."""
    if bool(users) is (team is not None):
        fault = "they exclude each other" if users else "one of them is needed"
        raise InvalidArgument(f"users, team: {fault}.", argument="users")
    given = [name for name, value in news.items() if value is not None]
    if group is not None and given:
        message = f"alert_group_id: that group has its own {', '.join(given)}."
        raise InvalidArgument(message, argument="alert_group_id")


def _each(users: object) -> Iterable[object]:
    alone: Iterable[object] = (users,)
    if isinstance(users, str | User | PagedUser | Mapping) or not isinstance(users, Iterable):
        return alone
    return cast("Iterable[object]", users)


def _paged(user: object, important: bool) -> PagedUser:  # noqa: FBT001  # as the keyword of `page`
    given: Any = user
    if isinstance(user, str | User):
        given = {"id": _id("users", user, User), "important": important}
    elif isinstance(user, Mapping):
        given = {"important": important, **cast("Mapping[str, Any]", user)}
    made: PagedUser = bodies.nested("users", given, PagedUser)
    if (made.id is UNSET) is (made.username is UNSET):
        raise InvalidArgument("users: each has either an id or a username.", argument="users")
    return made


def _id(name: str, value: object, kind: type[HasId]) -> str:
    return several_ids(name, value, kind)[0]
