# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable


@attrs.frozen(kw_only=True, weakref_slot=False)
class SlackChannel(Serializable):
    """A Slack channel.

    Attributes:
        name: Name of the channel, without #.
        slack_id: Id in Slack, which routes and schedules take as `channel_id`.
    """

    name: str
    """Name of the channel, without #."""
    slack_id: str
    """Id in Slack, which routes and schedules take as `channel_id`."""
