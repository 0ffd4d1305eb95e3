# Written by `make codegen` from openapi.yaml. Do not edit.
"""Facade of direct_paging: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing.resource import Resource


class DirectPaging(Resource):
    """Page people directly, without an alert.

    All methods raise `InvalidArgument` before anything is sent, `StatusError` for an error
    response, `TransportError` if there is no response, `DecodeError` for a response that is not
    what the API promises, and `ClientStateError` when the client is closed. Writes raise
    `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation/
    """
