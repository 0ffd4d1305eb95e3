# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of organizations: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.organizations import Organization
from ..operations import organizations as operations


class Organizations(Resource):
    """The organization that the token belongs to.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/organizations/
    """

    def list(
        self, *, perpage: int | None = None, prefetch: int = DEFAULT_PREFETCH
    ) -> Pager[Organization]:
        """List organizations; a token sees only its own.

        The open-source engine always fails with 500; `current` works there too.

        Args:
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_organizations(
            perpage=arguments.optional_whole("perpage", perpage)
        )
        return self._list(request, prefetch)

    async def current(self) -> Organization:
        """Get the organization that the token belongs to.

        There is no other to get, because the server ignores the id in the path.
        """
        return await self._session.send(operations.get_current_organization())
