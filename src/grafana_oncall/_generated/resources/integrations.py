# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of integrations: a method for each operation that has no body."""

from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.integrations import Integration
from ..operations import integrations as operations


class Integrations(Resource):
    """Sources of alerts.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/oncall/latest/oncall-api-reference/integrations/
    """

    def list(
        self,
        *,
        name: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Integration]:
        """List integrations.

        Args:
            name: Exact name of the integration.
            perpage: Items on a page. Undocumented: servers use their own number without it, and
                may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many more
                may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_integrations(
            name=arguments.text_filter("name", name),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def get(self, integration_id: str) -> Integration:
        """Get one integration.

        Args:
            integration_id: Id of the integration.

        Raises:
            NotFound: There is no such integration.
        """
        return await self._session.send(operations.get_integration(integration_id))

    async def delete(self, integration_id: str) -> None:
        """Delete an integration.

        It stops receiving alerts; its alert groups are kept.

        Args:
            integration_id: Id of the integration.

        Raises:
            NotFound: There is no such integration.
        """
        return await self._session.send(operations.delete_integration(integration_id))
