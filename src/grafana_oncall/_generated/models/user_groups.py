# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable, short_repr


@attrs.frozen(kw_only=True, weakref_slot=False)
class SlackUserGroup(Serializable):
    """A user group as Slack has it.

    Attributes:
        id: Id in Slack, which schedules take as `user_group_id`.
        name: Name of the group in Slack.
        handle: What is mentioned after @.
    """

    id: str
    """Id in Slack, which schedules take as `user_group_id`."""
    name: str
    """Name of the group in Slack."""
    handle: str
    """What is mentioned after @."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class UserGroup(Serializable):
    """A group of users that escalation steps can notify.

    Attributes:
        id: Id in OnCall, which escalation steps take as `group_to_notify`.
        type: `slack_based`; there is no other type yet.
        slack: The group in Slack.
    """

    id: str
    """Id in OnCall, which escalation steps take as `group_to_notify`."""
    type: str
    """`slack_based`; there is no other type yet."""
    slack: SlackUserGroup | None = None
    """The group in Slack."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)
