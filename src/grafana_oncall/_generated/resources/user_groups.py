# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of user_groups: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.user_groups import UserGroup
from ..operations import user_groups as operations


class UserGroups(Resource):
    """The user groups of Slack that OnCall knows; none without Slack. The API only reads them.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/user_groups/
    """

    def list(
        self,
        *,
        slack_handle: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[UserGroup]:
        """List user groups.

        Without Slack, there are none.

        Args:
            slack_handle: Exact handle of the group in Slack, without @.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_user_groups(
            slack_handle=arguments.text_filter("slack_handle", slack_handle),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)
