"""Slack channels and user groups, which come from Slack, so the API only lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.chat import FakeSlackChannel, FakeUserGroup
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.world import World

from .collection import Collection
from .selection import equal


def _named(context: Context) -> Callable[[FakeSlackChannel], bool]:
    name = context.last("channel_name")
    return lambda channel: name in {"", channel.name}


def _show_channel(_: World, channel: FakeSlackChannel) -> dict[str, Any]:
    return {"name": channel.name, "slack_id": channel.slack_id}


def _show_group(_: World, group: FakeUserGroup) -> dict[str, Any]:
    slack = {"id": group.slack_id, "name": group.name, "handle": group.slack_handle}
    return {"id": group.id, "type": "slack_based", "slack": slack}


SLACK_CHANNELS = Collection(
    name="slack_channels",
    kind=FakeSlackChannel,
    show=_show_channel,
    filters=_named,
    is_only_listed=True,
)
USER_GROUPS = Collection(
    name="user_groups",
    kind=FakeUserGroup,
    show=_show_group,
    filters=equal("slack_handle"),
    is_only_listed=True,
)


class AddChat(Additions):
    """Add what OnCall knows of Slack."""

    @explain_keywords
    def add_slack_channel(self, name: str, *, slack_id: str | None = None) -> FakeSlackChannel:
        """Add a Slack channel."""
        NAME(name=name)
        NAME.or_none(slack_id=slack_id)
        new = self._world.ids.new
        channel = FakeSlackChannel(id=new("H"), name=name, slack_id=slack_id or new("C"))
        return self._world.add(channel)

    @explain_keywords
    def add_user_group(
        self, name: str, *, handle: str | None = None, id: str | None = None
    ) -> FakeUserGroup:
        """Add a user group of Slack; without `handle`, that is the name."""
        NAME(name=name)
        NAME.or_none(handle=handle, id=id)
        new = self._world.ids.new
        group = FakeUserGroup(
            id=id or new("G"), name=name, slack_handle=handle or name, slack_id=new("S")
        )
        return self._world.add(group)
