# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of info: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing.resource import Resource

from ..models.info import StackInfo
from ..operations import info as operations


class Info(Resource):
    """The Grafana stack that the API belongs to.

    All methods raise `InvalidArgument` before anything is sent, `StatusError` for an error
    response, `TransportError` if there is no response, `DecodeError` for a response that is not
    what the API promises, and `ClientStateError` when the client is closed.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/index/
    """

    async def get(self) -> StackInfo:
        """Get the URL of the Grafana stack.

        It has its own limit, 100 requests per minute.

        Needs a user's OnCall API key.

        Raises:
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(operations.get_info())
